/** Puts a guest of the list on the waiting list: who, and for how many. */
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { addToWaitlistBody } from '../../api/bodies.ts'
import { $api, api, type Schemas } from '../../api/client.ts'
import { readAll } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { usePaused } from '../../kit/paused.ts'
import { RadioChoice } from '../../kit/RadioChoice.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { say } from '../../kit/say.ts'
import { SearchField } from '../../kit/SearchField.tsx'
import { Empty, Loaded } from '../../kit/State.tsx'
import { useGuestsChanged } from '../shared/changed.ts'
import { useEventPath } from '../shared/event.ts'
import styles from './waitlist.module.css'
import { WORDS } from './words.ts'

type Guest = Schemas['GuestInList']

const FOUND_MAX = 6

export function AddForm({ onDone }: { onDone: () => void }) {
  const [typed, setTyped] = useState('')
  const found = useFound(typed)
  const [chosen, setChosen] = useState<Guest | null>(null)
  const waiting = useWaiting()
  const candidates = (found.data?.data ?? []).filter(
    ({ id, answer, anonymizedAt }) => answer !== 'yes' && !anonymizedAt && !waiting.has(id),
  )
  const hasMore = candidates.length > FOUND_MAX || Boolean(found.data?.page.nextCursor)
  const guest = candidates.find(({ id }) => id === chosen?.id)
  return (
    <>
      <SearchField label={WORDS.search} value={typed} onChange={setTyped} />
      <Loaded query={found}>
        {() =>
          candidates.length === 0 ? (
            <Empty>{hasMore ? WORDS.more : WORDS.noneSo}</Empty>
          ) : (
            <>
              <RadioChoice
                label={WORDS.who}
                value={guest?.id ?? ''}
                options={candidates.slice(0, FOUND_MAX).map(({ id, name }) => ({ id, label: name }))}
                onChange={(id) => setChosen(candidates.find((one) => one.id === id) ?? null)}
              />
              {hasMore ? <p className={styles['about']}>{WORDS.more}</p> : null}
            </>
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
  const q = usePaused(typed.trim())
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

const LINE_ROWS = 200

/** Who is in line already. */
function useWaiting(): ReadonlySet<string> {
  const path = useEventPath()
  const line = useQuery({
    queryKey: ['get', '/events/{eventId}/waitlist', path, 'all'],
    queryFn: ({ signal }) =>
      readAll((at) =>
        api.GET('/events/{eventId}/waitlist', { params: { path, query: { limit: LINE_ROWS, ...at } }, signal }),
      ),
  })
  return new Set(line.data?.data.map(({ guestId }) => guestId))
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
