/** What can be done for one person: a new password, and their access. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { useMe } from '../../kit/session.ts'
import { PersonalLink } from './PersonalLink.tsx'
import { WORDS } from './words.ts'

export function PersonActions({ user, onClose }: { user: Schemas['ManagedUser']; onClose: () => void }) {
  const path = { userId: user.id }
  const queries = useQueryClient()
  const me = useMe()
  const [isDisabling, setDisabling] = useState(false)
  const [header, settle] = useIdempotencyKey()
  const options = {
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', '/users'] }),
    onSettled: settle,
  }
  const reset = $api.useMutation('post', '/users/{userId}/password-reset', options)
  const disable = $api.useMutation('delete', '/users/{userId}', options)
  const enable = $api.useMutation('patch', '/users/{userId}', options)
  if (reset.data) return <PersonalLink name={user.name} made={reset.data} onClose={onClose} />
  return (
    <>
      <p>{user.email}</p>
      <Refused error={reset.error ?? enable.error} />
      {user.id === me?.id ? (
        <p>{WORDS.isYou}</p>
      ) : me?.role !== 'director' && (user.role === 'organizer' || user.role === 'director') ? (
        <p>{WORDS.byDirector}</p>
      ) : user.disabled ? (
        <div>
          <Button
            look="main"
            isBusy={enable.isPending}
            onPress={() => enable.mutate({ params: { path }, body: { disabled: false } })}
          >
            {WORDS.enable}
          </Button>
        </div>
      ) : (
        <>
          <Row>
            <Button isBusy={reset.isPending} onPress={() => reset.mutate({ params: { path, header }, body: {} })}>
              {WORDS.reset}
            </Button>
            <Button look="danger" onPress={() => setDisabling(true)}>
              {WORDS.disable}
            </Button>
          </Row>
          {isDisabling ? (
            <Confirm
              title={WORDS.disableTitle(user.name)}
              verb={WORDS.disable}
              run={() => disable.mutateAsync({ params: { path } })}
              onClose={() => setDisabling(false)}
            >
              {WORDS.disableText}
            </Confirm>
          ) : null}
        </>
      )}
      <div>
        <Button onPress={onClose}>{WORDS.close}</Button>
      </div>
    </>
  )
}
