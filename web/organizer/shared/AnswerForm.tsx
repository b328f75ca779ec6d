/** Writes down what a guest answered by telephone. */
import { useState, type FormEvent } from 'react'
import { writeDownAnswerBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { RadioChoice } from '../../kit/RadioChoice.tsx'
import { say } from '../../kit/say.ts'
import { ANSWERS } from '../../words/states.ts'
import { useEventPath } from './event.ts'
import { useGuestsChanged } from './changed.ts'
import { WORDS } from './words.ts'

const OPTIONS = (['yes', 'no', 'maybe'] as const).map((id) => ({ id, label: ANSWERS[id].text }))

export function AnswerForm({ guest, onDone }: { guest: Schemas['Guest']; onDone: () => void }) {
  const path = { ...useEventPath(), guestId: guest.id }
  const [answer, setAnswer] = useState<'yes' | 'no' | 'maybe'>('yes')
  const [places, setPlaces] = useState(String(guest.partySize))
  const [note, setNote] = useState('')
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const changed = useGuestsChanged()
  const write = $api.useMutation('post', '/events/{eventId}/guests/{guestId}/rsvp', {
    onSuccess: () => {
      changed()
      say(WORDS.written)
      onDone()
    },
    onError: (error) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = {
      ...{ answer, ...(answer === 'yes' ? { partySize: Number(places) } : {}) },
      ...(note.trim() === '' ? {} : { note }),
    }
    const errors = checkBody(writeDownAnswerBody, body)
    setWrong(errors)
    if (Object.keys(errors).length === 0) write.mutate({ params: { path, header }, body })
  }
  return (
    <Fields onSubmit={submit}>
      <Refused error={write.error} />
      <RadioChoice label={WORDS.answer} value={answer} options={OPTIONS} onChange={setAnswer} />
      {answer === 'yes' ? (
        <Field
          label={WORDS.places}
          value={places}
          onChange={setPlaces}
          error={wrong['partySize']}
          inputMode="numeric"
        />
      ) : null}
      <Field label={WORDS.note} value={note} onChange={setNote} error={wrong['note']} />
      <div>
        <Button look="main" type="submit" isBusy={write.isPending}>
          {WORDS.write}
        </Button>
      </div>
    </Fields>
  )
}
