/** What do I owe, and how many tickets are left? */
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Choice } from '../../kit/Field.tsx'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Row } from '../../kit/Row.tsx'
import { useMe } from '../../kit/session.ts'
import { Empty, Loaded } from '../../kit/State.tsx'
import { When } from '../../kit/Time.tsx'
import { useUrl } from '../../kit/url.ts'
import { formatMoney, formatMoneyIn, formatNumber, ZONE } from '../../words/formats.ts'
import { MOVEMENTS } from '../../words/movements.ts'
import styles from './balance.module.css'
import { WORDS } from './words.ts'

type Kind = Schemas['MovementKind']
export type BalanceUrl = { kind?: Kind | undefined }

export function BalancePage() {
  const organizerId = useMe()?.organizerId
  return (
    <>
      <h1>{WORDS.title}</h1>
      {organizerId ? <Balance organizerId={organizerId} /> : null}
    </>
  )
}

function Balance({ organizerId }: { organizerId: string }) {
  const balance = $api.useQuery('get', '/organizers/{organizerId}/balance', { params: { path: { organizerId } } })
  return (
    <>
      <Loaded query={balance}>{({ account }) => <Tiles account={account} />}</Loaded>
      <Ledger organizerId={organizerId} />
    </>
  )
}

function Tiles({ account }: { account: Schemas['Account'] }) {
  const { openDebtCents, creditCents, billedCents, paidCents, tickets } = account
  const { prepaid, loan, left } = tickets
  const used = WORDS.used(formatNumber(prepaid.used + loan.used), formatNumber(prepaid.granted + loan.granted))
  return (
    <dl className={styles['tiles']}>
      <Tile name={WORDS.debt} value={formatMoney(openDebtCents)} />
      {creditCents > 0 ? <Tile name={WORDS.credit} value={formatMoney(creditCents)} /> : null}
      <Tile name={WORDS.billed} value={formatMoney(billedCents)} />
      <Tile name={WORDS.paid} value={formatMoney(paidCents)} />
      <Tile name={WORDS.left} value={formatNumber(left)}>
        {`${used}; ${WORDS.parts(formatNumber(prepaid.left), formatNumber(loan.left))}`}
      </Tile>
    </dl>
  )
}

const Tile = ({ name, value, children }: { name: string; value: string; children?: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>
      <strong>{value}</strong>
      {children ? <span>{children}</span> : null}
    </dd>
  </div>
)

const KINDS = (Object.keys(MOVEMENTS) as Kind[]).map((id) => ({ id, label: MOVEMENTS[id] }))

function Ledger({ organizerId }: { organizerId: string }) {
  const [{ kind }, setUrl] = useUrl<BalanceUrl>()
  const init = { params: { path: { organizerId }, query: { kind } } }
  const movements = $api.useInfiniteQuery('get', '/organizers/{organizerId}/ledger', init, BY_CURSOR)
  return (
    <section className={styles['ledger']}>
      <Row isApart>
        <h2>{WORDS.ledger}</h2>
        <Choice
          label={WORDS.kind}
          value={kind ?? 'all'}
          options={[{ id: 'all' as const, label: WORDS.all }, ...KINDS]}
          onChange={(id) => setUrl({ kind: id === 'all' ? undefined : id })}
        />
      </Row>
      <PagedTable
        pages={movements}
        label={WORDS.ledger}
        idOf={({ id }) => id}
        empty={
          kind ? (
            <Empty action={<Button onPress={() => setUrl({ kind: undefined })}>{WORDS.clear}</Button>}>
              {WORDS.noneSo}
            </Empty>
          ) : (
            <Empty>{WORDS.none}</Empty>
          )
        }
        columns={[
          { id: 'kind', title: WORDS.kind, cell: (one) => MOVEMENTS[one.kind] },
          { id: 'when', title: WORDS.when, cell: ({ effectiveAt }) => <When at={effectiveAt} timeZone={ZONE} /> },
          {
            id: 'tickets',
            title: WORDS.tickets,
            isNumber: true,
            cell: ({ tickets }) => (tickets === 0 ? '' : formatNumber(tickets)),
          },
          {
            id: 'amount',
            title: WORDS.amount,
            isNumber: true,
            cell: ({ owedCents, currency }) => (owedCents ? formatMoneyIn(owedCents, currency) : ''),
          },
          {
            id: 'reason',
            title: WORDS.reason,
            cell: ({ reason, reversedBy }) => reason ?? (reversedBy ? WORDS.reversed : ''),
          },
        ]}
      />
    </section>
  )
}
