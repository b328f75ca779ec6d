/** Do our payments agree with those of the providers? */
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Choice } from '../../kit/Field.tsx'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Panel } from '../../kit/Panel.tsx'
import { Row } from '../../kit/Row.tsx'
import { Age } from '../../kit/Time.tsx'
import { useUrl } from '../../kit/url.ts'
import { formatMoneyIn } from '../../words/formats.ts'
import { useOrganizerNames } from '../shared/organizers.ts'
import { MoneyFrame } from './MoneyFrame.tsx'
import { PaymentDrawer } from './PaymentDrawer.tsx'
import { nameStatus, WORDS } from './words.ts'

const STATES = [
  { id: 'open', label: WORDS.notFixed },
  { id: 'fixed', label: WORDS.fixed },
] as const

const SUMS = new Set<Schemas['PaymentDifference']['kind']>(['received', 'refunded', 'disputed'])

export function DifferencesPage() {
  const [{ status, payment }, change] = useUrl<{ status?: string; payment?: string }>()
  const isFixed = status === 'fixed'
  const found = $api.useInfiniteQuery('get', '/payments/differences', { params: { query: { isFixed } } }, BY_CURSOR)
  const nameOf = useOrganizerNames()
  return (
    <MoneyFrame>
      <Row>
        <Choice
          label={WORDS.state}
          value={isFixed ? 'fixed' : 'open'}
          options={STATES}
          onChange={(id) => change({ status: id === 'fixed' ? id : undefined })}
        />
      </Row>
      <Panel>
        <PagedTable<Schemas['PaymentDifference']>
          pages={found}
          label={WORDS.differences}
          // The list is of differences, the drawer of their payments.
          idOf={({ id, paymentId }) => `${paymentId} ${id}`}
          empty={WORDS.square}
          onOpen={(id) => change({ payment: id.split(' ')[0] }, true)}
          columns={[
            { id: 'what', title: WORDS.what, cell: ({ kind }) => WORDS.differenceKinds[kind] },
            { id: 'organizer', title: WORDS.organizer, cell: ({ organizerId }) => nameOf(organizerId) },
            { id: 'ours', title: WORDS.ours, cell: (one) => nameSide(one, one.ours) },
            {
              id: 'theirs',
              title: WORDS.theirs,
              cell: (one) => `${nameSide(one, one.theirs)} (${one.provider})`,
            },
            { id: 'found', title: WORDS.found, cell: ({ foundAt }) => <Age at={foundAt} /> },
          ]}
        />
      </Panel>
      {payment ? <PaymentDrawer paymentId={payment} onClose={() => change({ payment: undefined })} /> : null}
    </MoneyFrame>
  )
}

/** Sums are texts of minor units; the others are states. */
const nameSide = ({ kind, currency }: Schemas['PaymentDifference'], side: string): string =>
  SUMS.has(kind) ? formatMoneyIn(Number(side), currency) : side === 'none' ? WORDS.nowhere : nameStatus(side)
