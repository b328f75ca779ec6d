/** Makes a key for a program. Its secret is shown once. */
import { useState, type FormEvent } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { createApiKeyBody } from '../../api/bodies.ts'
import { $api } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Checks } from '../../kit/Checks.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { ShownOnce } from '../../kit/ShownOnce.tsx'
import { toInstant } from '../../kit/zone.ts'
import { OrganizerChoice } from '../shared/FilterBar.tsx'
import { WORDS } from './words.ts'
import { ZONE } from '../../words/formats.ts'

const SCOPES = (['read', 'write', 'door', 'payments'] as const).map((id) => ({ id, label: WORDS.scopes[id] }))
type Scope = (typeof SCOPES)[number]['id']

export function KeyForm({ organizerId, onClose }: { organizerId: string | undefined; onClose: () => void }) {
  const [owner, setOwner] = useState(organizerId)
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<Scope[]>(['read'])
  const [lastDay, setLastDay] = useState('')
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const create = $api.useMutation('post', '/api-keys', {
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['get', '/api-keys'] }),
    onError: (error) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = {
      ...{ name: name.trim(), scopes },
      ...(owner ? { organizerId: owner } : {}),
      ...(lastDay === '' ? {} : { expiresAt: toInstant(`${lastDay}T23:59`, ZONE) }),
    }
    const errors = {
      ...checkBody(createApiKeyBody, body),
      ...(scopes.length === 0 ? { scopes: WORDS.scopesMissing } : {}),
    }
    setWrong(errors)
    if (Object.keys(errors).length === 0) create.mutate({ params: { header }, body })
  }
  return (
    <Dialog title={WORDS.add} isOpen onClose={onClose}>
      {create.data ? (
        <ShownOnce label={WORDS.key} text={create.data.key} />
      ) : (
        <Fields onSubmit={submit}>
          <Field label={WORDS.name} value={name} onChange={setName} error={wrong['name']} autoFocus />
          <OrganizerChoice value={owner} onChange={setOwner} />
          <Checks
            label={WORDS.scopesLabel}
            options={SCOPES}
            value={scopes}
            onChange={setScopes}
            error={wrong['scopes']}
          />
          <Field label={WORDS.expires} type="date" value={lastDay} onChange={setLastDay} error={wrong['expiresAt']} />
          <Refused error={create.error} />
          <div>
            <Button look="main" type="submit" isBusy={create.isPending}>
              {WORDS.create}
            </Button>
          </div>
        </Fields>
      )}
    </Dialog>
  )
}
