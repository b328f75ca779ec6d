/** Who may log in, and as what? */
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { GoTo } from '../../kit/GoTo.tsx'
import { Head } from '../../kit/Head.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Panel } from '../../kit/Panel.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { RowActions } from '../../kit/RowActions.tsx'
import { say } from '../../kit/say.ts'
import { useMe } from '../../kit/session.ts'
import { ShownOnce } from '../../kit/ShownOnce.tsx'
import { Status } from '../../kit/Status.tsx'
import { useUrl } from '../../kit/url.ts'
import { OrganizerChoice } from '../shared/FilterBar.tsx'
import { useOrganizerNames } from '../shared/organizers.ts'
import { ROLES } from '../shared/words.ts'
import { InviteForm } from './InviteForm.tsx'
import { WORDS } from './words.ts'

type Person = Schemas['ManagedUser']
type Asked = { person: Person; what: 'disable' | 'reset' }

export function UsersPage() {
  const [url, change] = useUrl<{ organizerId?: string; invite?: string }>()
  const [asked, setAsked] = useState<Asked>()
  const query = url.organizerId ? { organizerId: url.organizerId } : {}
  const users = $api.useInfiniteQuery('get', '/users', { params: { query } }, BY_CURSOR)
  const nameOf = useOrganizerNames()
  return (
    <>
      <Head title={WORDS.title}>
        <GoTo to="/users" search={(now: object) => ({ ...now, invite: 'yes' })} look="main">
          {WORDS.invite}
        </GoTo>
      </Head>
      <Row>
        <OrganizerChoice value={url.organizerId} onChange={(organizerId) => change({ organizerId })} />
      </Row>
      <Panel>
        <PagedTable<Person>
          pages={users}
          label={WORDS.title}
          idOf={({ id }) => id}
          empty={WORDS.none}
          columns={[
            { id: 'name', title: WORDS.name, cell: ({ name }) => name },
            { id: 'email', title: WORDS.email, cell: ({ email }) => email },
            {
              id: 'role',
              title: WORDS.role,
              cell: ({ role, supervisor }) => ROLES[role] + (supervisor ? `, ${WORDS.supervises}` : ''),
            },
            { id: 'organizer', title: WORDS.organizer, cell: ({ organizerId }) => nameOf(organizerId) },
            { id: 'status', title: WORDS.status, cell: describePerson },
            {
              id: 'actions',
              title: WORDS.actions,
              cell: (person) => <Actions person={person} onAsk={(what) => setAsked({ person, what })} />,
            },
          ]}
        />
      </Panel>
      {url.invite ? <InviteForm organizerId={url.organizerId} onClose={() => change({ invite: undefined })} /> : null}
      {asked?.what === 'disable' ? <Disable person={asked.person} onClose={() => setAsked(undefined)} /> : null}
      {asked?.what === 'reset' ? <Reset person={asked.person} onClose={() => setAsked(undefined)} /> : null}
    </>
  )
}

function describePerson({ disabled, hasPassword }: Person) {
  if (disabled) return <Status tone="bad">{WORDS.disabled}</Status>
  return <Status tone={hasPassword ? 'ok' : 'info'}>{hasPassword ? WORDS.active : WORDS.invited}</Status>
}

/** Nobody locks themselves out. */
function Actions({ person, onAsk }: { person: Person; onAsk: (what: Asked['what']) => void }) {
  const me = useMe()
  const queries = useQueryClient()
  const update = $api.useMutation('patch', '/users/{userId}', {
    onSuccess: () => {
      say(WORDS.isEnabled)
      return queries.invalidateQueries({ queryKey: ['get', '/users'] })
    },
  })
  if (person.id === me?.id) return '—'
  const enable = () => update.mutate({ params: { path: { userId: person.id } }, body: { disabled: false } })
  if (person.disabled)
    return (
      <>
        <Button isBusy={update.isPending} onPress={enable}>
          {WORDS.enable}
        </Button>
        <Refused error={update.error} />
      </>
    )
  return (
    <RowActions>
      <Button onPress={() => onAsk('reset')}>{WORDS.reset}</Button>
      <Button look="danger" onPress={() => onAsk('disable')}>
        {WORDS.disable}
      </Button>
    </RowActions>
  )
}

function Disable({ person, onClose }: { person: Person; onClose: () => void }) {
  const queries = useQueryClient()
  const disable = $api.useMutation('delete', '/users/{userId}')
  return (
    <Confirm
      title={WORDS.disableTitle(person.name)}
      verb={WORDS.disable}
      run={async () => {
        await disable.mutateAsync({ params: { path: { userId: person.id } } })
        say(WORDS.isDisabled)
        await queries.invalidateQueries({ queryKey: ['get', '/users'] })
      }}
      onClose={onClose}
    >
      {WORDS.disableText}
    </Confirm>
  )
}

function Reset({ person, onClose }: { person: Person; onClose: () => void }) {
  const [header, settle] = useIdempotencyKey()
  const reset = $api.useMutation('post', '/users/{userId}/password-reset', { onSettled: settle })
  return (
    <Dialog title={WORDS.resetTitle(person.name)} isOpen onClose={onClose}>
      <p>{reset.data?.link ? WORDS.linkFor(person.name) : WORDS.resetText}</p>
      <Refused error={reset.error} />
      {reset.data ? (
        <ShownOnce label={WORDS.link} text={reset.data.link} />
      ) : (
        <Row>
          <Button
            look="main"
            isBusy={reset.isPending}
            onPress={() => reset.mutate({ params: { path: { userId: person.id }, header }, body: {} })}
          >
            {WORDS.makeLink}
          </Button>
        </Row>
      )}
    </Dialog>
  )
}
