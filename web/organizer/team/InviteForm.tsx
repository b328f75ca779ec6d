/** Invites a person: the link to choose a password is shown once, for the organizer to send. */
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { inviteUserBody } from '../../api/bodies.ts'
import { $api } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Choice, Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { RadioChoice } from '../../kit/RadioChoice.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { PersonalLink } from './PersonalLink.tsx'
import { WORDS } from './words.ts'

/** Whom an organizer may invite; the Director invites the others. */
type Role = 'viewer' | 'staff'

const ROLES = (['viewer', 'staff'] as const).map((id) => ({ id, label: WORDS.roles[id] }))
const SUPERVISORS = (['no', 'yes'] as const).map((id) => ({ id, label: WORDS.supervisors[id] }))

export function InviteForm({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const [supervisor, setSupervisor] = useState<'no' | 'yes'>('no')
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const invite = $api.useMutation('post', '/users', {
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', '/users'] }),
    onError: (error) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = { name, email, role, ...(role === 'staff' ? { supervisor: supervisor === 'yes' } : {}) }
    const errors = checkBody(inviteUserBody, body)
    setWrong(errors)
    if (Object.keys(errors).length === 0) invite.mutate({ params: { header }, body })
  }
  if (invite.data) return <PersonalLink name={name} made={invite.data} onClose={onClose} />
  return (
    <Fields onSubmit={submit}>
      <Refused error={invite.error} />
      <Field label={WORDS.name} value={name} onChange={setName} error={wrong['name']} autoFocus isRequired />
      <Field label={WORDS.email} value={email} onChange={setEmail} error={wrong['email']} type="email" isRequired />
      <Choice label={WORDS.role} hint={WORDS.roleHint} value={role} options={ROLES} onChange={setRole} />
      {role === 'staff' ? (
        <RadioChoice label={WORDS.supervisor} value={supervisor} options={SUPERVISORS} onChange={setSupervisor} />
      ) : null}
      <div>
        <Button look="main" type="submit" isBusy={invite.isPending}>
          {WORDS.send}
        </Button>
      </div>
    </Fields>
  )
}
