/** Every movement of an organizer's money and tickets, newest first. */
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Choice } from '../../kit/Field.tsx'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Panel } from '../../kit/Panel.tsx'
import { Row } from '../../kit/Row.tsx'
import { oneOf, useUrl } from '../../kit/url.ts'
import { formatMoneyIn, formatNumber, formatTime, ZONE } from '../../words/formats.ts'
import { MOVEMENTS } from '../../words/movements.ts'
import { useUserNames } from '../shared/users.ts'
import { WORDS } from './words.ts'

type Movement = Schemas['Movement']

const ANY = 'any'
const KINDS = Object.keys(MOVEMENTS) as Movement['kind'][]

export function Ledger({ organizerId }: { organizerId: string }) {
  const [url, change] = useUrl<{ kind?: string }>()
  const kind = oneOf(KINDS, url.kind)
  const nameOf = useUserNames()
  const ledger = $api.useInfiniteQuery(
    'get',
    '/director/organizers/{organizerId}/ledger',
    { params: { path: { organizerId }, query: kind ? { kind } : {} } },
    BY_CURSOR,
  )
  return (
    <Panel title={WORDS.ledger}>
      <Row>
        <Choice
          label={WORDS.kind}
          value={kind ?? ANY}
          options={[{ id: ANY, label: WORDS.any }, ...KINDS.map((id) => ({ id, label: MOVEMENTS[id] }))]}
          onChange={(id) => change({ kind: id === ANY ? undefined : id })}
        />
      </Row>
      <PagedTable<Movement>
        pages={ledger}
        label={WORDS.ledger}
        idOf={({ id }) => id}
        empty={WORDS.noMovements}
        columns={[
          {
            id: 'kind',
            title: WORDS.kind,
            cell: ({ kind: one, reversedBy }) => MOVEMENTS[one] + (reversedBy ? ` (${WORDS.reversed})` : ''),
          },
          { id: 'when', title: WORDS.when, cell: ({ effectiveAt }) => formatTime(effectiveAt, ZONE) },
          {
            id: 'owed',
            title: WORDS.owed,
            isNumber: true,
            cell: ({ owedCents, currency }) => formatMoneyIn(owedCents, currency),
          },
          { id: 'tickets', title: WORDS.tickets, isNumber: true, cell: ({ tickets }) => formatNumber(tickets || null) },
          { id: 'reason', title: WORDS.reason, cell: ({ reason }) => reason ?? '—' },
          { id: 'by', title: WORDS.by, cell: ({ createdBy }) => nameOf(createdBy) },
        ]}
      />
    </Panel>
  )
}
