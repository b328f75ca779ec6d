/** Cancels an event, with the reason that its guests read. */
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { cancelEventBody } from '../../api/bodies.ts'
import { $api } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { say } from '../../kit/say.ts'
import type { Event } from '../shared/event.ts'
import { WORDS } from './words.ts'

export function CancelForm({ event, onDone }: { event: Event; onDone: () => void }) {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const cancel = $api.useMutation('post', '/events/{eventId}/cancel', {
    onSuccess: () => {
      void queries.invalidateQueries()
      say(WORDS.cancelled)
      onDone()
    },
    onError: (error) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = reason.trim() === '' ? {} : { reason: reason.trim() }
    const errors = checkBody(cancelEventBody, body)
    setWrong(errors)
    if (Object.keys(errors).length === 0) cancel.mutate({ params: { path: { eventId: event.id }, header }, body })
  }
  return (
    <Fields onSubmit={submit}>
      <p>{WORDS.cancelText}</p>
      <Refused error={cancel.error} />
      <Field label={WORDS.cancelReason} value={reason} onChange={setReason} error={wrong['reason']} />
      <div>
        <Button look="danger" type="submit" isBusy={cancel.isPending}>
          {WORDS.cancel}
        </Button>
      </div>
    </Fields>
  )
}
