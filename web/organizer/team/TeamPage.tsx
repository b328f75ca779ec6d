/** Who can do what, and who stands at which door? */
import { useState } from 'react'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR, rowsOf } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Row } from '../../kit/Row.tsx'
import { Empty } from '../../kit/State.tsx'
import { Status } from '../../kit/Status.tsx'
import { useUrl } from '../../kit/url.ts'
import { DoorTeam } from './DoorTeam.tsx'
import { InviteForm } from './InviteForm.tsx'
import { PersonActions } from './PersonActions.tsx'
import styles from './team.module.css'
import { WORDS } from './words.ts'

/** `event`: whose door is shown. `person`: whose drawer is open. */
export type TeamUrl = { event?: string | undefined; person?: string | undefined }
type User = Schemas['ManagedUser']

export function TeamPage() {
  const [{ person }, setUrl] = useUrl<TeamUrl>()
  const [isInviting, setInviting] = useState(false)
  const users = $api.useInfiniteQuery('get', '/users', { params: {} }, BY_CURSOR)
  const chosen = rowsOf(users.data).find(({ id }) => id === person)
  const close = () => setUrl({ person: undefined })
  return (
    <>
      <h1>{WORDS.title}</h1>
      <section className={styles['part']}>
        <Row isApart>
          <h2>{WORDS.people}</h2>
          <Button look="main" onPress={() => setInviting(true)}>
            {WORDS.invite}
          </Button>
        </Row>
        <PagedTable
          pages={users}
          label={WORDS.people}
          idOf={({ id }) => id}
          onOpen={(id) => setUrl({ person: id }, true)}
          empty={<Empty>{WORDS.none}</Empty>}
          columns={[
            { id: 'name', title: WORDS.name, cell: ({ name }) => name },
            { id: 'email', title: WORDS.email, cell: ({ email }) => email },
            { id: 'role', title: WORDS.role, cell: (user) => roleOf(user) },
            { id: 'state', title: WORDS.state, cell: (user) => <State user={user} /> },
          ]}
        />
      </section>
      <DoorTeam users={rowsOf(users.data)} />
      <Dialog title={WORDS.inviteTitle} isOpen={isInviting} onClose={() => setInviting(false)}>
        <InviteForm onClose={() => setInviting(false)} />
      </Dialog>
      <Dialog title={chosen?.name ?? ''} place="drawer" isOpen={chosen !== undefined} onClose={close}>
        {chosen ? <PersonActions user={chosen} onClose={close} /> : null}
      </Dialog>
    </>
  )
}

const roleOf = ({ role, supervisor }: User) =>
  supervisor ? `${WORDS.roles[role]}. ${WORDS.supervises}` : WORDS.roles[role]

function State({ user: { disabled, hasPassword } }: { user: User }) {
  if (disabled) return <Status tone="bad">{WORDS.disabled}</Status>
  return hasPassword ? <Status tone="ok">{WORDS.active}</Status> : <Status tone="warn">{WORDS.invited}</Status>
}
