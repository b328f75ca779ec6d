/** The imports of before, with the rows that each rejected. */
import { $api, AGAIN_MS } from '../../api/client.ts'
import { DataTable } from '../../kit/DataTable.tsx'
import { Empty, Loaded } from '../../kit/State.tsx'
import { When } from '../../kit/Time.tsx'
import { formatNumber } from '../../words/formats.ts'
import { useEventPath, useZone } from '../shared/event.ts'
import { isOpen, OFTEN_MS } from './JobProgress.tsx'
import { Rejected } from './Result.tsx'
import { WORDS } from './words.ts'

export function Earlier() {
  const zone = useZone()
  const imports = $api.useQuery(
    'get',
    '/events/{eventId}/imports',
    { params: { path: useEventPath() } },
    { refetchInterval: ({ state }) => (state.data?.data.some(isOpen) ? OFTEN_MS : AGAIN_MS) },
  )
  return (
    <section>
      <h2>{WORDS.before}</h2>
      <Loaded query={imports}>
        {({ data }) => (
          <DataTable
            label={WORDS.before}
            rows={data}
            idOf={({ importId }) => importId}
            empty={<Empty>{WORDS.none}</Empty>}
            columns={[
              { id: 'when', title: WORDS.when, cell: ({ createdAt }) => <When at={createdAt} {...zone} /> },
              { id: 'status', title: WORDS.status, cell: ({ status }) => WORDS.states[status] },
              { id: 'created', title: WORDS.heads.created, isNumber: true, cell: (one) => formatNumber(one.created) },
              { id: 'updated', title: WORDS.heads.updated, isNumber: true, cell: (one) => formatNumber(one.updated) },
              {
                id: 'rejected',
                title: WORDS.heads.rejected,
                isNumber: true,
                cell: ({ rejectedUrl, rejected }) =>
                  rejectedUrl ? <Rejected url={rejectedUrl} count={rejected} /> : formatNumber(rejected),
              },
            ]}
          />
        )}
      </Loaded>
    </section>
  )
}
