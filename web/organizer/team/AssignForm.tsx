/** Assigns a person to the door of an event. */
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { $api } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Choice, Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { WORDS } from './words.ts'

type Props = { eventId: string; people: { id: string; name: string }[]; onDone: () => void }

export function AssignForm({ eventId, people, onDone }: Props) {
  const queries = useQueryClient()
  const [userId, setUserId] = useState(people[0]!.id)
  const [gate, setGate] = useState('')
  const [header, settle] = useIdempotencyKey()
  const assign = $api.useMutation('post', '/events/{eventId}/staff', {
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}/staff'] })
      onDone()
    },
    onSettled: settle,
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = { userId, ...(gate.trim() === '' ? {} : { gate: gate.trim() }) }
    assign.mutate({ params: { path: { eventId }, header }, body })
  }
  return (
    <Fields onSubmit={submit}>
      <Refused error={assign.error} />
      <Choice
        label={WORDS.person}
        value={userId}
        options={people.map(({ id, name }) => ({ id, label: name }))}
        onChange={setUserId}
      />
      <Field label={WORDS.gate} hint={WORDS.gateHint} value={gate} onChange={setGate} maxLength={100} />
      <div>
        <Button look="main" type="submit" isBusy={assign.isPending}>
          {WORDS.assign}
        </Button>
      </div>
    </Fields>
  )
}
