/** A new event, or changes of one. */
import { useState, type FormEvent } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { createEventBody, updateEventBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Check } from '../../kit/Checks.tsx'
import { Choice, Field } from '../../kit/Field.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { say } from '../../kit/say.ts'
import { useMe } from '../../kit/session.ts'
import { Fields } from '../../kit/Fields.tsx'
import { looksChanged } from '../shared/changed.ts'
import { bodyOf, lacksPlace, lineOf, pathOf, valuesOf, type Values } from './values.ts'
import { WORDS } from './words.ts'

type Event = Schemas['Event']

/** The zones of Mexico. */
const ZONES = [
  'Mexico_City',
  'Cancun',
  'Monterrey',
  'Merida',
  'Chihuahua',
  'Ciudad_Juarez',
  'Mazatlan',
  'Hermosillo',
  'Tijuana',
]
const POLICIES = (['invited', 'confirmed'] as const).map((id) => ({ id, label: WORDS.policies[id] }))
const TYPES = (['standard', 'premium'] as const).map((id) => ({ id, label: WORDS.types[id] }))
const REENTRIES = (['none', 'exit_then_entry'] as const).map((id) => ({ id, label: WORDS.reentries[id] }))

/** `event`: the one to change. A director says for which organizer a new one is. */
export function EventForm({ event, onDone }: { event?: Event; onDone: (event: Event) => void }) {
  const queries = useQueryClient()
  const isDirector = useMe()?.role === 'director'
  const [values, setValues] = useState(() => valuesOf(event))
  const [organizerId, setOrganizerId] = useState('')
  const [isDraft, setDraft] = useState(false)
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const done = (saved: Event) => {
    void queries.invalidateQueries({ queryKey: ['get', '/events'] })
    void queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}'] })
    looksChanged(queries)
    say(event ? WORDS.saved : WORDS.created)
    onDone(saved)
  }
  const options = { onSuccess: done, onError: (error: unknown) => setWrong(fieldErrorsOf(error)), onSettled: settle }
  const create = $api.useMutation('post', '/events', options)
  const update = $api.useMutation('patch', '/events/{eventId}', options)

  const set = (name: keyof Values) => (value: string) => setValues((now) => ({ ...now, [name]: value }))
  const bind = (name: keyof Values) => ({
    label: WORDS.fields[name],
    value: values[name],
    onChange: set(name),
    error: wrong[pathOf(name)],
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = bodyOf(values, event)
    const errors = {
      ...checkBody(event ? updateEventBody : createEventBody, body),
      ...(lacksPlace(values) ? { [pathOf('venueName')]: WORDS.placeMissing } : {}),
    }
    setWrong(errors)
    if (Object.keys(errors).length > 0) return
    if (event) update.mutate({ params: { path: { eventId: event.id } }, body })
    else
      create.mutate({
        params: { header },
        body: { ...body, status: isDraft ? 'draft' : 'active', ...(isDirector ? { organizerId } : {}) },
      })
  }
  return (
    <Fields onSubmit={submit}>
      <Refused error={create.error ?? update.error} />
      {isDirector && !event ? <OrganizerChoice value={organizerId} onChange={setOrganizerId} /> : null}
      <Field {...bind('name')} autoFocus isRequired />
      <Choice label={WORDS.fields.type} value={values.type} options={TYPES} onChange={set('type')} />
      <Field {...bind('startsAt')} type="datetime-local" isRequired />
      <Field {...bind('endsAt')} type="datetime-local" isRequired />
      <Choice
        label={WORDS.fields.timeZone}
        value={values.timeZone}
        options={ZONES.map((name) => ({ id: `America/${name}`, label: name.replace('_', ' ') }))}
        onChange={set('timeZone')}
      />
      <Field {...bind('venueName')} hint={WORDS.optional} />
      <Field {...bind('address')} hint={WORDS.optional} />
      <Field {...bind('mapUrl')} hint={WORDS.mapHint} type="url" />
      <Field {...bind('location')} hint={WORDS.locationHint} placeholder={lineOf(values.venueName, values.address)} />
      <Field {...bind('capacity')} hint={WORDS.optional} inputMode="numeric" />
      <Field {...bind('rsvpUntil')} hint={WORDS.optional} type="datetime-local" />
      <Choice
        label={WORDS.fields.doorPolicy}
        value={values.doorPolicy}
        options={POLICIES}
        onChange={set('doorPolicy')}
      />
      <Field {...bind('doorsOpenMinutes')} inputMode="numeric" />
      <Choice label={WORDS.fields.reentry} value={values.reentry} options={REENTRIES} onChange={set('reentry')} />
      {event ? null : <Check label={WORDS.draft} isOn={isDraft} onChange={setDraft} />}
      <div>
        <Button look="main" type="submit" isBusy={create.isPending || update.isPending}>
          {event ? WORDS.save : WORDS.create}
        </Button>
      </div>
    </Fields>
  )
}

function OrganizerChoice({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const organizers = $api.useQuery('get', '/organizers', { params: { query: { limit: 200 } } })
  const options = (organizers.data?.data ?? []).map(({ id, name }) => ({ id, label: name }))
  return <Choice label={WORDS.organizer} value={value} options={options} onChange={onChange} isRequired />
}
