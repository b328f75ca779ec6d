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
import { toInstant, toLocal } from '../../kit/zone.ts'
import { Fields } from '../../kit/Fields.tsx'
import { WORDS } from './words.ts'

type Event = Schemas['Event']
type Text = 'name' | 'startsAt' | 'endsAt' | 'timeZone' | 'location' | 'capacity' | 'rsvpUntil' | 'doorsOpenMinutes'
type Values = Record<Text | keyof typeof VENUE, string> & {
  doorPolicy: Event['doorPolicy']
  reentry: Event['reentry']
}

/** The fields of the form that are parts of the venue. */
const VENUE = { venueName: 'name', address: 'address', mapUrl: 'mapUrl' } as const

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
const REENTRIES = (['none', 'exit_then_entry'] as const).map((id) => ({ id, label: WORDS.reentries[id] }))
const DOORS_OPEN_MINUTES = 180

/** The line that the API makes of a venue; an event whose place is this line has no text of its own. */
const lineOf = (name?: string | null, address?: string | null) => [name, address].filter(Boolean).join(', ')

function valuesOf(event?: Event): Values {
  const timeZone = event?.timeZone ?? 'America/Mexico_City'
  const local = (at: string | null | undefined) => (at ? toLocal(at, timeZone) : '')
  return {
    name: event?.name ?? '',
    startsAt: local(event?.startsAt),
    endsAt: local(event?.endsAt),
    timeZone,
    venueName: event?.venue?.name ?? '',
    address: event?.venue?.address ?? '',
    mapUrl: event?.venue?.mapUrl ?? '',
    location: event?.location === lineOf(event?.venue?.name, event?.venue?.address) ? '' : (event?.location ?? ''),
    capacity: event?.capacity?.toString() ?? '',
    rsvpUntil: local(event?.rsvpUntil),
    doorPolicy: event?.doorPolicy ?? 'invited',
    doorsOpenMinutes: String(event?.doorsOpenMinutes ?? DOORS_OPEN_MINUTES),
    reentry: event?.reentry ?? 'none',
  }
}

/** A point that a program gave the venue stays. */
function venueOf({ venueName, address, mapUrl }: Values, before: Event['venue'] | undefined) {
  const [name, street, map] = [venueName, address, mapUrl].map((text) => text.trim() || null)
  if (!name && !street && !map) return null
  return { ...before, name: name ?? null, address: street ?? null, mapUrl: map ?? null }
}

function bodyOf(values: Values, event?: Event) {
  const { name, timeZone, location, capacity, doorPolicy, doorsOpenMinutes, reentry } = values
  const instant = (local: string) => toInstant(local, timeZone)
  return {
    ...{ name, timeZone, doorPolicy, reentry, startsAt: instant(values.startsAt), endsAt: instant(values.endsAt) },
    location: location.trim() || null,
    venue: venueOf(values, event?.venue),
    doorsOpenMinutes: doorsOpenMinutes.trim() === '' ? DOORS_OPEN_MINUTES : Number(doorsOpenMinutes),
    capacity: capacity === '' ? null : Number(capacity),
    rsvpUntil: values.rsvpUntil === '' ? null : instant(values.rsvpUntil),
  }
}

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
    error: wrong[name in VENUE ? `venue.${VENUE[name as keyof typeof VENUE]}` : name],
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = bodyOf(values, event)
    const errors = checkBody(event ? updateEventBody : createEventBody, body)
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
        onChange={(doorPolicy) => setValues((now) => ({ ...now, doorPolicy }))}
      />
      <Field {...bind('doorsOpenMinutes')} inputMode="numeric" />
      <Choice
        label={WORDS.fields.reentry}
        value={values.reentry}
        options={REENTRIES}
        onChange={(reentry) => setValues((now) => ({ ...now, reentry }))}
      />
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
