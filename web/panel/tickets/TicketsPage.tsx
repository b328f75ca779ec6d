/** Which tickets were given to whom, and how are they paid? */
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { reverseAssignmentBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { Choice } from '../../kit/Field.tsx'
import { checkBody } from '../../kit/forms.ts'
import { GoTo } from '../../kit/GoTo.tsx'
import { Head } from '../../kit/Head.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Panel } from '../../kit/Panel.tsx'
import { say } from '../../kit/say.ts'
import { Status } from '../../kit/Status.tsx'
import { oneOf, useUrl } from '../../kit/url.ts'
import { formatMoneyIn, formatNumber, formatTime, ZONE } from '../../words/formats.ts'
import { FilterBar } from '../shared/FilterBar.tsx'
import { useOrganizerNames } from '../shared/organizers.ts'
import { periodOf, todayInMexico, type Filters } from '../shared/period.ts'
import { AssignForm } from './AssignForm.tsx'
import { WORDS } from './words.ts'

type Assignment = Schemas['Assignment']

const ANY = 'any'
const KINDS = ['prepaid', 'loan'] as const

export function TicketsPage() {
  const [url, change] = useUrl<Filters & { kind?: string; assign?: string }>()
  const [reversing, setReversing] = useState<Assignment>()
  const kind = oneOf(KINDS, url.kind)
  const { organizerId } = url
  const query = {
    ...periodOf(url, todayInMexico()),
    ...(organizerId ? { organizerId } : {}),
    ...(kind ? { kind } : {}),
  }
  const assignments = $api.useInfiniteQuery('get', '/director/assignments', { params: { query } }, BY_CURSOR)
  const nameOf = useOrganizerNames()
  return (
    <>
      <Head title={WORDS.title}>
        <GoTo to="/tickets" search={(now: object) => ({ ...now, assign: 'yes' })} look="main">
          {WORDS.assign}
        </GoTo>
      </Head>
      <FilterBar filters={url} onChange={change}>
        <Choice
          label={WORDS.kind}
          value={kind ?? ANY}
          options={[{ id: ANY, label: WORDS.any }, ...KINDS.map((id) => ({ id, label: WORDS.kinds[id] }))]}
          onChange={(id) => change({ kind: id === ANY ? undefined : id })}
        />
      </FilterBar>
      <Panel>
        <PagedTable<Assignment>
          pages={assignments}
          label={WORDS.title}
          idOf={({ id }) => id}
          empty={WORDS.none}
          columns={[
            { id: 'organizer', title: WORDS.organizer, cell: ({ organizerId: id }) => nameOf(id) },
            { id: 'when', title: WORDS.when, cell: ({ createdAt }) => formatTime(createdAt, ZONE) },
            { id: 'kind', title: WORDS.kind, cell: ({ kind: one }) => WORDS.kinds[one] },
            { id: 'tickets', title: WORDS.tickets, isNumber: true, cell: ({ tickets }) => formatNumber(tickets) },
            {
              id: 'price',
              title: WORDS.price,
              isNumber: true,
              cell: ({ unitPriceCents, currency }) => formatMoneyIn(unitPriceCents, currency),
            },
            {
              id: 'amount',
              title: WORDS.amount,
              isNumber: true,
              cell: ({ amountCents, currency }) => formatMoneyIn(amountCents, currency),
            },
            {
              id: 'status',
              title: WORDS.status,
              cell: (one) =>
                one.status === 'active' ? (
                  <Button onPress={() => setReversing(one)}>{WORDS.reverse}</Button>
                ) : (
                  <Status tone="none">{WORDS.reversed}</Status>
                ),
            },
          ]}
        />
      </Panel>
      {url.assign ? <AssignForm organizerId={organizerId} onClose={() => change({ assign: undefined })} /> : null}
      {reversing ? (
        <Reverse assignment={reversing} name={nameOf(reversing.organizerId)} onClose={() => setReversing(undefined)} />
      ) : null}
    </>
  )
}

function Reverse({ assignment, name, onClose }: { assignment: Assignment; name: string; onClose: () => void }) {
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const reverse = $api.useMutation('post', '/director/assignments/{assignmentId}/reverse', { onSettled: settle })
  return (
    <Confirm
      title={WORDS.reverseTitle(formatNumber(assignment.tickets), name)}
      verb={WORDS.reverse}
      asksReason
      check={(reason) => checkBody(reverseAssignmentBody, { reason })}
      run={async (reason) => {
        await reverse.mutateAsync({ params: { path: { assignmentId: assignment.id }, header }, body: { reason } })
        say(WORDS.isReversed)
        await queries.invalidateQueries()
      }}
      onClose={onClose}
    >
      {WORDS.reverseText}
    </Confirm>
  )
}
