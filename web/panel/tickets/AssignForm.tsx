/** Gives tickets to an organizer: lent, or prepaid with their payment. */
import { useState, type FormEvent } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { assignTicketsBody } from '../../api/bodies.ts'
import { $api } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Choice, Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Facts } from '../../kit/Panel.tsx'
import { RadioChoice } from '../../kit/RadioChoice.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { say } from '../../kit/say.ts'
import { readCents, readCount } from '../../words/amounts.ts'
import { formatMoney, formatNumber } from '../../words/formats.ts'
import { EventChoice } from '../shared/events.tsx'
import { useOrganizers } from '../shared/organizers.ts'
import { WORDS } from './words.ts'

const KINDS = (['loan', 'prepaid'] as const).map((id) => ({ id, label: WORDS.kinds[id] }))
const METHODS = (['transfer', 'cash', 'card', 'other'] as const).map((id) => ({ id, label: WORDS.methods[id] }))
const PAYMENTS = [
  { id: 'now', label: WORDS.payNow },
  { id: 'credit', label: WORDS.fromCredit },
] as const

type Values = {
  organizerId: string
  eventId: string | undefined
  kind: 'loan' | 'prepaid'
  tickets: string
  price: string
  pays: 'now' | 'credit'
  method: (typeof METHODS)[number]['id']
  reference: string
  note: string
}

function bodyOf(values: Values, tickets: number, unitPriceCents: number) {
  const { organizerId, eventId, kind, pays, method, reference, note } = values
  const payment = {
    ...{ amountCents: tickets * unitPriceCents, method },
    ...(reference.trim() === '' ? {} : { reference: reference.trim() }),
  }
  return {
    ...{ organizerId, kind, tickets, unitPriceCents },
    ...(eventId ? { eventId } : {}),
    ...(note.trim() === '' ? {} : { note: note.trim() }),
    ...(kind === 'prepaid' && pays === 'now' ? { payment } : {}),
  }
}

export function AssignForm({ organizerId, onClose }: { organizerId: string | undefined; onClose: () => void }) {
  const [values, setValues] = useState<Values>({
    ...{ organizerId: organizerId ?? '', eventId: undefined, kind: 'loan', tickets: '', price: '' },
    ...{ pays: 'now', method: 'transfer', reference: '', note: '' },
  })
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const organizers = useOrganizers()
  const assign = $api.useMutation('post', '/director/assignments', {
    onSuccess: ({ assignment, account }) => {
      say(WORDS.assigned(formatNumber(assignment.tickets), formatMoney(account.openDebtCents)))
      void queries.invalidateQueries()
      onClose()
    },
    onError: (error) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  })
  const set =
    <K extends keyof Values>(name: K) =>
    (value: Values[K]) =>
      setValues((now) => ({ ...now, [name]: value }))
  const tickets = readCount(values.tickets)
  const priceCents = readCents(values.price)
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = bodyOf(values, tickets ?? 0, priceCents ?? 0)
    const errors = {
      ...checkBody(assignTicketsBody, body),
      ...(values.organizerId === '' ? { organizerId: WORDS.choose } : {}),
      ...(tickets ? {} : { tickets: WORDS.ticketsWrong }),
      ...(priceCents === null ? { unitPriceCents: WORDS.notAnAmount } : {}),
    }
    setWrong(errors)
    if (Object.keys(errors).length === 0) assign.mutate({ params: { header }, body })
  }
  return (
    <Dialog title={WORDS.assign} isOpen onClose={onClose}>
      <Fields onSubmit={submit}>
        <Choice
          label={WORDS.organizer}
          value={values.organizerId || null}
          options={(organizers.data?.data ?? []).map(({ id, name }) => ({ id, label: name }))}
          error={wrong['organizerId']}
          onChange={set('organizerId')}
        />
        {values.organizerId === '' ? null : (
          <EventChoice
            organizerId={values.organizerId}
            value={values.eventId}
            onChange={set('eventId')}
            none={WORDS.noEvent}
          />
        )}
        <RadioChoice label={WORDS.kind} value={values.kind} options={KINDS} onChange={set('kind')} />
        <Field
          label={WORDS.tickets}
          value={values.tickets}
          onChange={set('tickets')}
          inputMode="numeric"
          error={wrong['tickets']}
        />
        <Field
          label={WORDS.unitPrice}
          value={values.price}
          onChange={set('price')}
          inputMode="decimal"
          error={wrong['unitPriceCents']}
        />
        <Facts
          facts={[[WORDS.total, formatMoney(tickets === null || priceCents === null ? null : tickets * priceCents)]]}
        />
        {values.kind === 'prepaid' ? (
          <>
            <RadioChoice label={WORDS.payment} value={values.pays} options={PAYMENTS} onChange={set('pays')} />
            {values.pays === 'now' ? (
              <>
                <RadioChoice label={WORDS.method} value={values.method} options={METHODS} onChange={set('method')} />
                <Field label={WORDS.reference} value={values.reference} onChange={set('reference')} />
              </>
            ) : null}
          </>
        ) : null}
        <Field label={WORDS.note} value={values.note} onChange={set('note')} error={wrong['note']} />
        <Refused error={assign.error} />
        <div>
          <Button look="main" type="submit" isBusy={assign.isPending}>
            {WORDS.assign}
          </Button>
        </div>
      </Fields>
    </Dialog>
  )
}
