/** What will they owe? Enters a payment that came by hand, with the balance before and after. */
import { useId, useState, type FormEvent } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { enterPaymentBody } from '../../api/bodies.ts'
import { $api, isProblem, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Choice, Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { GoTo } from '../../kit/GoTo.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { RadioChoice } from '../../kit/RadioChoice.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { readCents } from '../../words/amounts.ts'
import { formatMoney } from '../../words/formats.ts'
import { useOrganizers } from '../shared/organizers.ts'
import { todayInMexico } from '../shared/period.ts'
import { nameMethod, WORDS } from './words.ts'
import styles from './money.module.css'

const METHODS = (['transfer', 'cash', 'card', 'other'] as const).map((id) => ({ id, label: nameMethod(id) }))
type Method = (typeof METHODS)[number]['id']

type Values = { organizerId: string; amount: string; method: Method; reference: string; paidAt: string; note: string }
type Done = { now: string; before: string }

export function PaymentForm({ organizerId, onClose }: { organizerId: string | undefined; onClose: () => void }) {
  const [done, setDone] = useState<Done>()
  return (
    <Dialog title={WORDS.enter} isOpen onClose={onClose}>
      {done ? (
        <>
          <p role="status">{WORDS.registered(done.now, done.before)}</p>
          <Row>
            <Button look="main" onPress={onClose} autoFocus>
              {WORDS.close}
            </Button>
            <Button onPress={() => setDone(undefined)}>{WORDS.another}</Button>
          </Row>
        </>
      ) : (
        <Form organizerId={organizerId} onDone={setDone} />
      )}
    </Dialog>
  )
}

/** A payment of today counts from now; one of another day from its first instant. */
const whenPaid = (day: string) => (day === todayInMexico() ? {} : { paidAt: day })

function bodyOf({ organizerId, amount, method, reference, paidAt, note }: Values) {
  const amountCents = readCents(amount)
  return {
    ...{ organizerId, method, ...whenPaid(paidAt) },
    ...(amountCents === null ? {} : { amountCents }),
    ...(reference.trim() === '' ? {} : { reference: reference.trim() }),
    ...(note.trim() === '' ? {} : { note: note.trim() }),
  }
}

function Form({ organizerId, onDone }: { organizerId: string | undefined; onDone: (done: Done) => void }) {
  const [values, setValues] = useState<Values>({
    ...{ organizerId: organizerId ?? '', amount: '', method: 'transfer', reference: '', note: '' },
    paidAt: todayInMexico(),
  })
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const organizers = useOrganizers()
  const balance = $api.useQuery(
    'get',
    '/organizers/{organizerId}/balance',
    { params: { path: { organizerId: values.organizerId } } },
    { enabled: values.organizerId !== '' },
  )
  const account = values.organizerId === '' ? undefined : balance.data?.account
  const enter = $api.useMutation('post', '/director/payments', {
    onSuccess: ({ balance: after }) => {
      const sentence = { now: formatMoney(after.openDebtCents), before: formatMoney(account?.openDebtCents ?? null) }
      say(WORDS.registered(sentence.now, sentence.before))
      void queries.invalidateQueries()
      onDone(sentence)
    },
    onError: (error) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  })
  const set = (name: keyof Values) => (value: string) => setValues((now) => ({ ...now, [name]: value }))
  const cents = readCents(values.amount)
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = bodyOf(values)
    const errors = {
      ...checkBody(enterPaymentBody, body),
      ...(values.organizerId === '' ? { organizerId: WORDS.choose } : {}),
      ...(cents === null || cents === 0 ? { amountCents: WORDS.notAnAmount } : {}),
    }
    setWrong(errors)
    if (Object.keys(errors).length === 0) enter.mutate({ params: { header }, body })
  }
  const isTaken = isProblem(enter.error) && enter.error.code === 'duplicate_reference'
  return (
    <Fields onSubmit={submit}>
      <Choice
        label={WORDS.organizer}
        value={values.organizerId || null}
        options={(organizers.data?.data ?? []).map(({ id, name }) => ({ id, label: name }))}
        error={wrong['organizerId']}
        onChange={set('organizerId')}
      />
      <Field
        label={WORDS.amountPesos}
        hint={WORDS.amountHint}
        inputMode="decimal"
        autoComplete="off"
        value={values.amount}
        onChange={set('amount')}
        error={wrong['amountCents']}
      />
      <Sum account={account} cents={cents} />
      <RadioChoice label={WORDS.method} value={values.method} options={METHODS} onChange={set('method')} />
      <Field label={WORDS.reference} value={values.reference} onChange={set('reference')} error={wrong['reference']} />
      <Field label={WORDS.date} type="date" value={values.paidAt} onChange={set('paidAt')} error={wrong['paidAt']} />
      <Field label={WORDS.note} value={values.note} onChange={set('note')} error={wrong['note']} />
      {isTaken ? (
        <p role="alert" className={styles['taken']}>
          {WORDS.taken}{' '}
          <GoTo look="quiet" to="/money" search={{ organizerId: values.organizerId }}>
            {WORDS.seePayment}
          </GoTo>
        </p>
      ) : (
        <Refused error={enter.error} />
      )}
      <div>
        <Button look="main" type="submit" isBusy={enter.isPending}>
          {cents ? WORDS.register(formatMoney(cents)) : WORDS.registerPlain}
        </Button>
      </div>
    </Fields>
  )
}

/** Debt, payment, and what is left of it. What is paid beyond the debt is their credit. */
function Sum({ account, cents }: { account: Schemas['Account'] | undefined; cents: number | null }) {
  const id = useId()
  const owed = account ? account.openDebtCents - account.creditCents : null
  const left = owed === null ? null : owed - (cents ?? 0)
  const show = (value: number | null) =>
    value !== null && value < 0 ? WORDS.credit(formatMoney(-value)) : formatMoney(value)
  return (
    <dl className={styles['sum']}>
      <dt>{WORDS.debt}</dt>
      <dd>{show(owed)}</dd>
      <dt>{WORDS.paid}</dt>
      <dd>{cents ? formatMoney(-cents) : '—'}</dd>
      <dt>
        <label htmlFor={id}>{WORDS.left}</label>
      </dt>
      <dd>
        <output id={id}>{show(left)}</output>
      </dd>
    </dl>
  )
}
