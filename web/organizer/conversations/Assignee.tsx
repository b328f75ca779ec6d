/** Who of the team looks after a conversation. */
import { useQueryClient } from '@tanstack/react-query'
import { $api, type Schemas } from '../../api/client.ts'
import { Choice } from '../../kit/Field.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { useMe } from '../../kit/session.ts'
import { useEvent, useEventPath } from '../shared/event.ts'
import { WORDS } from './words.ts'

const NOBODY = 'nobody'

export function Assignee({ conversation: { guestId, assignee } }: { conversation: Schemas['Conversation'] }) {
  const path = { ...useEventPath(), guestId }
  const queries = useQueryClient()
  const organizerId = useEvent().data?.organizerId
  const isDirector = useMe()?.role === 'director'
  const query = { limit: 200, ...(isDirector ? { organizerId } : {}) }
  const users = $api.useQuery('get', '/users', { params: { query } }, { enabled: organizerId !== undefined })
  const assign = $api.useMutation('post', '/events/{eventId}/conversations/{guestId}/assign', {
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}/conversations/{guestId}'] }),
  })
  const team = (users.data?.data ?? []).filter(({ role, disabled }) => role === 'organizer' && !disabled)
  const options = [{ id: NOBODY, label: WORDS.nobody }, ...team.map(({ id, name }) => ({ id, label: name }))]
  return (
    <div>
      <Choice
        label={WORDS.assignee}
        value={assignee?.id ?? NOBODY}
        options={options}
        isDisabled={assign.isPending}
        onChange={(id) => assign.mutate({ params: { path }, body: { userId: id === NOBODY ? null : id } })}
      />
      <Refused error={assign.error ?? users.error} />
    </div>
  )
}
