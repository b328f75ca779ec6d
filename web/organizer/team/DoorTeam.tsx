/** Who scans at the door of one event, and with which devices. */
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { DataTable } from '../../kit/DataTable.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Choice } from '../../kit/Field.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { Empty, Loaded } from '../../kit/State.tsx'
import { useUrl } from '../../kit/url.ts'
import { AssignForm } from './AssignForm.tsx'
import { Devices } from './Devices.tsx'
import type { TeamUrl } from './TeamPage.tsx'
import styles from './team.module.css'
import { WORDS } from './words.ts'

type User = Schemas['ManagedUser']
type Assigned = Pick<User, 'name'> & { userId: string }

export function DoorTeam({ users }: { users: User[] }) {
  const [{ event }, setUrl] = useUrl<TeamUrl>()
  const events = $api.useQuery('get', '/events', { params: { query: { limit: 200 } } })
  const options = (events.data?.data ?? []).map(({ id, name, timeZone }) => ({ id, label: name, timeZone }))
  const chosen = options.find(({ id }) => id === event)
  return (
    <section className={styles['part']}>
      <Row isApart>
        <h2>{WORDS.door}</h2>
        <Choice label={WORDS.event} value={event ?? null} options={options} onChange={(event) => setUrl({ event })} />
      </Row>
      {chosen ? (
        <>
          <Staff eventId={chosen.id} eventName={chosen.label} users={users} />
          <Devices eventId={chosen.id} timeZone={chosen.timeZone} />
        </>
      ) : (
        <p className={styles['soft']}>{WORDS.chooseEvent}</p>
      )}
    </section>
  )
}

function Staff({ eventId, eventName, users }: { eventId: string; eventName: string; users: User[] }) {
  const queries = useQueryClient()
  const [isAssigning, setAssigning] = useState(false)
  const staff = $api.useQuery('get', '/events/{eventId}/staff', { params: { path: { eventId } } })
  const remove = $api.useMutation('delete', '/events/{eventId}/staff/{userId}', {
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}/staff'] }),
  })
  const [ended, setEnded] = useState<Assigned | null>(null)
  const end = async ({ userId, name }: Assigned) => {
    await remove.mutateAsync({ params: { path: { eventId, userId } } })
    say(WORDS.removed(name))
  }
  const assigned = new Set(staff.data?.data.map(({ userId }) => userId))
  const free = users.filter(({ id, role, disabled }) => role === 'staff' && !disabled && !assigned.has(id))
  return (
    <>
      <Row isApart>
        <h3>{WORDS.staff}</h3>
        <Button onPress={() => setAssigning(true)}>{WORDS.assign}</Button>
      </Row>
      <Loaded query={staff}>
        {({ data }) => (
          <DataTable
            label={WORDS.staff}
            rows={data}
            idOf={({ userId }) => userId}
            empty={<Empty>{WORDS.noStaff}</Empty>}
            columns={[
              { id: 'name', title: WORDS.name, cell: ({ name }) => name },
              { id: 'gate', title: WORDS.gate, cell: ({ gate }) => gate ?? WORDS.anyGate },
              { id: 'role', title: WORDS.supervisor, cell: ({ supervisor }) => (supervisor ? WORDS.supervises : '') },
              {
                id: 'remove',
                title: WORDS.todo,
                cell: (one) => (
                  <Button look="quiet" aria-label={`${WORDS.remove}: ${one.name}`} onPress={() => setEnded(one)}>
                    {WORDS.remove}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </Loaded>
      {ended ? (
        <Confirm
          title={WORDS.removeTitle(ended.name, eventName)}
          verb={WORDS.remove}
          run={() => end(ended)}
          onClose={() => setEnded(null)}
        >
          {WORDS.removeText}
        </Confirm>
      ) : null}
      <Dialog title={WORDS.assignTitle(eventName)} isOpen={isAssigning} onClose={() => setAssigning(false)}>
        {free.length === 0 ? (
          <p>{WORDS.noPeople}</p>
        ) : (
          <AssignForm eventId={eventId} people={free} onDone={() => setAssigning(false)} />
        )}
      </Dialog>
    </>
  )
}
