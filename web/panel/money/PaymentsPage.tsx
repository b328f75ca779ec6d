/** Which payments are there? */
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Choice } from '../../kit/Field.tsx'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Panel } from '../../kit/Panel.tsx'
import { Status } from '../../kit/Status.tsx'
import { oneOf, useUrl } from '../../kit/url.ts'
import { CURRENCIES, formatMoneyIn, formatTime, ZONE } from '../../words/formats.ts'
import { FilterBar } from '../shared/FilterBar.tsx'
import { useOrganizerNames } from '../shared/organizers.ts'
import { periodOf, todayInMexico, type Filters } from '../shared/period.ts'
import { MoneyFrame } from './MoneyFrame.tsx'
import { PaymentDrawer } from './PaymentDrawer.tsx'
import { PaymentForm } from './PaymentForm.tsx'
import { describeStatus, METHOD_IDS, nameMethod, WORDS } from './words.ts'

type Group = keyof typeof WORDS.groups
/** `payment`: the opened one. `enter`: the form is open. */
type PaymentsUrl = Filters & { group?: string; method?: string; currency?: string; payment?: string; enter?: string }

const ANY = 'any'
const GROUPS = Object.entries(WORDS.groups) as [Group, string][]

export function PaymentsPage() {
  const [url, change] = useUrl<PaymentsUrl>()
  const { organizerId, method } = url
  const group = oneOf(
    GROUPS.map(([id]) => id),
    url.group,
  )
  // Amounts of two currencies never stand in one list.
  const currency = oneOf(CURRENCIES, url.currency) ?? 'MXN'
  const query = {
    ...periodOf(url, todayInMexico()),
    ...(organizerId ? { organizerId } : {}),
    ...(group ? { group } : {}),
    ...(method ? { method } : {}),
    currency,
  }
  const payments = $api.useInfiniteQuery('get', '/director/payments', { params: { query } }, BY_CURSOR)
  const nameOf = useOrganizerNames()
  return (
    <MoneyFrame>
      <FilterBar filters={url} onChange={change}>
        <Choice
          label={WORDS.group}
          value={group ?? ANY}
          options={[{ id: ANY, label: WORDS.any }, ...GROUPS.map(([id, label]) => ({ id, label }))]}
          onChange={(id) =>
            change({
              group: oneOf(
                GROUPS.map(([one]) => one),
                id,
              ),
            })
          }
        />
        <Choice
          label={WORDS.method}
          value={method ?? ANY}
          options={[{ id: ANY, label: WORDS.any }, ...METHOD_IDS.map((id) => ({ id, label: nameMethod(id) }))]}
          onChange={(id) => change({ method: id === ANY ? undefined : id })}
        />
        <Choice
          label={WORDS.currency}
          value={currency}
          options={CURRENCIES.map((id) => ({ id, label: id }))}
          onChange={(id) => change({ currency: id === 'MXN' ? undefined : id })}
        />
      </FilterBar>
      <Panel>
        <PagedTable<Schemas['Payment']>
          pages={payments}
          label={WORDS.payments}
          idOf={({ id }) => id}
          empty={WORDS.none}
          onOpen={(payment) => change({ payment }, true)}
          columns={[
            { id: 'when', title: WORDS.when, cell: ({ paidAt, createdAt }) => formatTime(paidAt ?? createdAt, ZONE) },
            { id: 'organizer', title: WORDS.organizer, cell: ({ organizerId: id }) => nameOf(id) },
            { id: 'method', title: WORDS.method, cell: ({ method: how, provider }) => nameMethod(how ?? provider) },
            { id: 'reference', title: WORDS.reference, cell: ({ reference }) => reference ?? '—' },
            {
              id: 'amount',
              title: WORDS.amount,
              isNumber: true,
              cell: (one) => formatMoneyIn(one.amountCents, one.currency),
            },
            {
              id: 'status',
              title: WORDS.status,
              cell: ({ status }) => <Status tone={describeStatus(status).tone}>{describeStatus(status).text}</Status>,
            },
          ]}
        />
      </Panel>
      {url.payment ? <PaymentDrawer paymentId={url.payment} onClose={() => change({ payment: undefined })} /> : null}
      {url.enter ? <PaymentForm organizerId={organizerId} onClose={() => change({ enter: undefined })} /> : null}
    </MoneyFrame>
  )
}
