/** Puts a guest of the list on the waiting list: who, and for how many. */
import { useEffect, useState, type FormEvent } from 'react'
import { addToWaitlistBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { RadioChoice } from '../../kit/RadioChoice.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { say } from '../../kit/say.ts'
import { SearchField } from '../../kit/SearchField.tsx'
import { Empty, Loaded } from '../../kit/State.tsx'
import { useGuestsChanged } from '../shared/changed.ts'
import { useEventPath } from '../shared/event.ts'
import { WORDS } from './words.ts'

type Guest = Schemas['GuestInList']

const FOUND_MAX = 6
const PAUSE_MS = 250

export function AddForm({ onDone }: { onDone: () => void }) {
  const [typed, setTyped] = useState('')
  const found = useFound(typed)
  const [chosen, setChosen] = useState<Guest | null>(null)
  const candidates = (found.data?.data ?? []).filter(({ answer, anonymizedAt }) => answer !== 'yes' && !anonymizedAt)
  const guest = candidates.find(({ id }) => id === chosen?.id)
  return (
    <>
      <SearchField label={WORDS.search} value={typed} onChange={setTyped} />
      <Loaded query={found}>
        {() =>
          candidates.length === 0 ? (
            <Empty>{WORDS.noneSo}</Empty>
          ) : (
            <RadioChoice
              label={WORDS.who}
              value={guest?.id ?? ''}
              options={candidates.slice(0, FOUND_MAX).map(({ id, name }) => ({ id, label: name }))}
              onChange={(id) => setChosen(candidates.find((one) => one.id === id) ?? null)}
            />
          )
        }
      </Loaded>
      {guest ? <PlacesForm key={guest.id} guest={guest} onDone={onDone} /> : null}
    </>
  )
}

/** The guests that match, after a pause in typing. */
function useFound(typed: string) {
  const path = useEventPath()
  const [q, setQ] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed])
  const query = { ...(q === '' ? {} : { q }), limit: 50 }
  return $api.useQuery(
    'get',
    '/events/{eventId}/guests',
    { params: { path, query } },
    {
      placeholderData: (before) => before,
    },
  )
}

function PlacesForm({ guest, onDone }: { guest: Guest; onDone: () => void }) {
  const path = useEventPath()
  const [places, setPlaces] = useState(String(guest.partySize))
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const changed = useGuestsChanged()
  const add = $api.useMutation('post', '/events/{eventId}/waitlist', {
    onSuccess: ({ name }) => {
      say(WORDS.added(name))
      changed()
      onDone()
    },
    onError: (error) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = { guestId: guest.id, partySize: Number(places) }
    const errors = checkBody(addToWaitlistBody, body)
    setWrong(errors)
    if (Object.keys(errors).length === 0) add.mutate({ params: { path, header }, body })
  }
  return (
    <Fields onSubmit={submit}>
      <Refused error={add.error} />
      <Field
        label={WORDS.places(guest.partySize)}
        value={places}
        onChange={setPlaces}
        error={wrong['partySize']}
        inputMode="numeric"
      />
      <div>
        <Button look="main" type="submit" isBusy={add.isPending}>
          {WORDS.addVerb(guest.name)}
        </Button>
      </div>
    </Fields>
  )
}
