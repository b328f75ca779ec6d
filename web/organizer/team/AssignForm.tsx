/** Assigns a person to the door of an event. */
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { addEventStaffBody } from '../../api/bodies.ts'
import { $api } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Choice, Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { WORDS } from './words.ts'

type Props = { eventId: string; people: { id: string; name: string }[]; onDone: () => void }

export function AssignForm({ eventId, people, onDone }: Props) {
  const queries = useQueryClient()
  const [userId, setUserId] = useState(people[0]!.id)
  const [gate, setGate] = useState('')
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const assign = $api.useMutation('post', '/events/{eventId}/staff', {
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}/staff'] })
      onDone()
    },
    onError: (error) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = { userId, ...(gate.trim() === '' ? {} : { gate: gate.trim() }) }
    const errors = checkBody(addEventStaffBody, body)
    setWrong(errors)
    if (Object.keys(errors).length === 0) assign.mutate({ params: { path: { eventId }, header }, body })
  }
  return (
    <Fields onSubmit={submit}>
      <Refused error={assign.error} />
      <Choice
        label={WORDS.person}
        value={userId}
        options={people.map(({ id, name }) => ({ id, label: name }))}
        error={wrong['userId']}
        onChange={setUserId}
      />
      <Field label={WORDS.gate} hint={WORDS.gateHint} value={gate} onChange={setGate} error={wrong['gate']} />
      <div>
        <Button look="main" type="submit" isBusy={assign.isPending}>
          {WORDS.assign}
        </Button>
      </div>
    </Fields>
  )
}
