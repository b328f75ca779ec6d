/** One payment: what it is, what became of it, and how it is taken back. */
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { refundPaymentBody, reversePaymentBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { checkBody } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Facts } from '../../kit/Panel.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { Loaded } from '../../kit/State.tsx'
import { Status } from '../../kit/Status.tsx'
import { formatMoneyIn, formatTime, ZONE } from '../../words/formats.ts'
import { useOrganizerNames } from '../shared/organizers.ts'
import { describeStatus, nameMethod, WORDS } from './words.ts'

const WITH_MONEY: Schemas['Payment']['status'][] = ['confirmed', 'partially_refunded', 'underpaid', 'late']

export function PaymentDrawer({ paymentId, onClose }: { paymentId: string; onClose: () => void }) {
  const found = $api.useQuery('get', '/payments/{paymentId}', { params: { path: { paymentId } } })
  const nameOf = useOrganizerNames()
  const money = found.data ? formatMoneyIn(found.data.payment.amountCents, found.data.payment.currency) : '…'
  return (
    <Dialog place="drawer" isOpen title={WORDS.payment(money)} onClose={onClose}>
      <Loaded query={found}>
        {({ payment, history }) => {
          const { tone, text } = describeStatus(payment.status)
          return (
            <>
              <Facts
                facts={[
                  [WORDS.status, <Status tone={tone}>{text}</Status>],
                  [WORDS.organizer, nameOf(payment.organizerId)],
                  [WORDS.when, formatTime(payment.paidAt ?? payment.createdAt, ZONE)],
                  [WORDS.method, nameMethod(payment.method ?? payment.provider)],
                  [WORDS.reference, payment.reference ?? payment.providerRef ?? '—'],
                  [WORDS.received, formatMoneyIn(payment.receivedCents, payment.currency)],
                  [WORDS.refunded, formatMoneyIn(payment.refundedCents, payment.currency)],
                  [WORDS.note, payment.note ?? payment.reason ?? '—'],
                ]}
              />
              <TakeBack payment={payment} name={nameOf(payment.organizerId)} />
              <h3>{WORDS.history}</h3>
              <Facts
                facts={history.map(({ to, at }) => [
                  formatTime(at, ZONE),
                  WORDS.became(describeStatus(to as Schemas['Payment']['status']).text),
                ])}
              />
            </>
          )
        }}
      </Loaded>
    </Dialog>
  )
}

/** A payment that was entered by hand is reversed; one of a provider is given back there. */
function TakeBack({ payment, name }: { payment: Schemas['Payment']; name: string }) {
  const [isAsking, setIsAsking] = useState(false)
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const reverse = $api.useMutation('post', '/director/payments/{paymentId}/reverse', { onSettled: settle })
  const refund = $api.useMutation('post', '/payments/{paymentId}/refunds', { onSettled: settle })
  if (!WITH_MONEY.includes(payment.status)) return null
  const isManual = payment.kind === 'manual'
  const params = { path: { paymentId: payment.id }, header }
  const money = formatMoneyIn(payment.receivedCents - payment.refundedCents, payment.currency)
  const run = async (reason: string) => {
    if (isManual) {
      const { balance } = await reverse.mutateAsync({ params, body: { reason } })
      say(WORDS.reversed(formatMoneyIn(balance.openDebtCents, balance.currency)))
    } else {
      await refund.mutateAsync({ params, body: { reason } })
      say(WORDS.refundAsked)
    }
    await queries.invalidateQueries()
  }
  return (
    <Row>
      <Button look="danger" onPress={() => setIsAsking(true)}>
        {isManual ? WORDS.reverse : WORDS.refund}
      </Button>
      {isAsking ? (
        <Confirm
          title={isManual ? WORDS.reverseTitle(money, name) : WORDS.refundTitle(money, name)}
          verb={isManual ? WORDS.reverse : WORDS.refund}
          asksReason
          check={(reason) => checkBody(isManual ? reversePaymentBody : refundPaymentBody, { reason })}
          run={run}
          onClose={() => setIsAsking(false)}
        >
          {isManual ? WORDS.reverseText : WORDS.refundText}
        </Confirm>
      ) : null}
    </Row>
  )
}
