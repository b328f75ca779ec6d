/** Invites a person: the answer has the link by which they choose their password. */
import { useState, type FormEvent } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { inviteUserBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Check } from '../../kit/Checks.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Choice, Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { ShownOnce } from '../../kit/ShownOnce.tsx'
import { useOrganizers } from '../shared/organizers.ts'
import { ROLES } from '../shared/words.ts'
import { WORDS } from './words.ts'

type Role = Schemas['ManagedUser']['role']
const ROLE_OPTIONS = (['organizer', 'staff', 'viewer', 'director'] as const).map((id) => ({ id, label: ROLES[id] }))

type Values = { name: string; email: string; role: Role; organizerId: string; supervisor: boolean }

const bodyOf = ({ name, email, role, organizerId, supervisor }: Values) => ({
  ...{ name: name.trim(), email: email.trim(), role },
  ...(role === 'director' ? {} : { organizerId }),
  ...(role === 'staff' ? { supervisor } : {}),
})

export function InviteForm({ organizerId, onClose }: { organizerId: string | undefined; onClose: () => void }) {
  const [values, setValues] = useState<Values>({
    ...{ name: '', email: '', role: 'organizer', organizerId: organizerId ?? '', supervisor: false },
  })
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const organizers = useOrganizers()
  const invite = $api.useMutation('post', '/users', {
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['get', '/users'] }),
    onError: (error) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  })
  const set =
    <K extends keyof Values>(name: K) =>
    (value: Values[K]) =>
      setValues((now) => ({ ...now, [name]: value }))
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = bodyOf(values)
    const isLost = values.role !== 'director' && values.organizerId === ''
    const errors = { ...checkBody(inviteUserBody, body), ...(isLost ? { organizerId: WORDS.choose } : {}) }
    setWrong(errors)
    if (Object.keys(errors).length === 0) invite.mutate({ params: { header }, body })
  }
  if (invite.data)
    return (
      <Dialog title={WORDS.inviteTitle} isOpen onClose={onClose}>
        {invite.data.link ? <p>{WORDS.linkFor(values.name)}</p> : null}
        <ShownOnce label={WORDS.link} text={invite.data.link} />
      </Dialog>
    )
  return (
    <Dialog title={WORDS.inviteTitle} isOpen onClose={onClose}>
      <Fields onSubmit={submit}>
        <Field label={WORDS.name} value={values.name} onChange={set('name')} error={wrong['name']} autoFocus />
        <Field label={WORDS.email} type="email" value={values.email} onChange={set('email')} error={wrong['email']} />
        <Choice label={WORDS.role} value={values.role} options={ROLE_OPTIONS} onChange={set('role')} />
        {values.role === 'director' ? null : (
          <Choice
            label={WORDS.organizer}
            value={values.organizerId || null}
            options={(organizers.data?.data ?? []).map(({ id, name }) => ({ id, label: name }))}
            error={wrong['organizerId']}
            onChange={set('organizerId')}
          />
        )}
        {values.role === 'staff' ? (
          <Check label={WORDS.supervisor} isOn={values.supervisor} onChange={set('supervisor')} />
        ) : null}
        <Refused error={invite.error} />
        <div>
          <Button look="main" type="submit" isBusy={invite.isPending}>
            {WORDS.sendInvite}
          </Button>
        </div>
      </Fields>
    </Dialog>
  )
}
