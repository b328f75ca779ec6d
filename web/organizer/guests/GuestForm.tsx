/** A new guest, or changes of one. */
import { useState, type FormEvent } from 'react'
import { createGuestBody, updateGuestBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Choice, Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { say } from '../../kit/say.ts'
import { useEventPath } from '../shared/event.ts'
import { wordsOf } from './guests.ts'
import { useGuestsChanged } from '../shared/changed.ts'
import { WORDS } from './words.ts'

type Guest = Schemas['Guest']

const LOCALES = [
  { id: 'es-MX', label: 'Español' },
  { id: 'en', label: 'English' },
] as const

const valuesOf = (guest?: Guest) => ({
  name: guest?.name ?? '',
  phone: guest?.phone ?? '',
  email: guest?.email ?? '',
  partySize: String(guest?.partySize ?? 1),
  companions: guest?.companions.map(({ name }) => name).join('\n') ?? '',
  tags: guest?.tags.join(', ') ?? '',
  notes: guest?.notes ?? '',
  locale: guest?.locale ?? ('es-MX' as const),
})
type Values = ReturnType<typeof valuesOf>

const bodyOf = ({ name, phone, email, partySize, companions, tags, notes, locale }: Values) => ({
  ...{ name, locale, phone: phone.trim() || null, email: email.trim() || null, notes: notes.trim() || null },
  partySize: Number(partySize),
  companions: wordsOf(companions, '\n').map((name) => ({ name })),
  tags: wordsOf(tags, ','),
})

export function GuestForm({ guest, onDone }: { guest?: Guest; onDone: () => void }) {
  const path = useEventPath()
  const [values, setValues] = useState(() => valuesOf(guest))
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const changed = useGuestsChanged()
  const options = {
    onSuccess: ({ name }: Guest) => {
      changed()
      say(guest ? WORDS.saved : WORDS.added(name))
      onDone()
    },
    onError: (error: unknown) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  }
  const create = $api.useMutation('post', '/events/{eventId}/guests', options)
  const update = $api.useMutation('patch', '/events/{eventId}/guests/{guestId}', options)
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = bodyOf(values)
    const errors = checkBody(guest ? updateGuestBody : createGuestBody, body)
    setWrong(errors)
    if (Object.keys(errors).length > 0) return
    if (guest) update.mutate({ params: { path: { ...path, guestId: guest.id } }, body })
    else create.mutate({ params: { path, header }, body })
  }
  const bind = (name: Exclude<keyof Values, 'locale'>) => ({
    label: WORDS.fields[name],
    value: values[name],
    onChange: (value: string) => setValues((now) => ({ ...now, [name]: value })),
    error: wrong[name],
  })
  return (
    <Fields onSubmit={submit}>
      <Refused error={create.error ?? update.error} />
      <Field {...bind('name')} autoFocus isRequired />
      <Field {...bind('phone')} type="tel" hint={WORDS.phoneHint} />
      <Field {...bind('email')} type="email" />
      <Field {...bind('partySize')} inputMode="numeric" />
      <Field {...bind('companions')} lines={3} />
      <Field {...bind('tags')} />
      <Field {...bind('notes')} lines={2} />
      <Choice
        label={WORDS.fields.locale}
        value={values.locale}
        options={LOCALES}
        onChange={(locale) => setValues((now) => ({ ...now, locale }))}
      />
      <div>
        <Button look="main" type="submit" isBusy={create.isPending || update.isPending}>
          {WORDS.save}
        </Button>
      </div>
    </Fields>
  )
}
