/** The line: who is first, who would fit now, and what can be done for one who waits. */
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { writeDownAnswerBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR, rowsOf } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import type { ColumnOf } from '../../kit/DataTable.tsx'
import { Field } from '../../kit/Field.tsx'
import { checkBody } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { RowActions } from '../../kit/RowActions.tsx'
import { say } from '../../kit/say.ts'
import { useMayEdit } from '../../kit/session.ts'
import { Empty } from '../../kit/State.tsx'
import { Status } from '../../kit/Status.tsx'
import { When } from '../../kit/Time.tsx'
import { useGuestsChanged } from '../shared/changed.ts'
import { useEventPath, useZone } from '../shared/event.ts'
import { readPlaces, turnsOf, type Turn } from './places.ts'
import styles from './waitlist.module.css'
import { WORDS } from './words.ts'

type Entry = Schemas['WaitlistEntry'] & { position: number }
type Chosen = { entry: Entry; what: 'give' | 'remove' }
/** `free`: null when the event has no capacity. */
type Props = { free: number | null; isOpen: boolean }

const OFTEN_MS = 5000

export function Line({ free, isOpen }: Props) {
  const path = useEventPath()
  const zone = useZone()
  const mayEdit = useMayEdit()
  const navigate = useNavigate()
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const line = $api.useInfiniteQuery(
    'get',
    '/events/{eventId}/waitlist',
    { params: { path, query: {} } },
    { ...BY_CURSOR, refetchInterval: OFTEN_MS },
  )
  const turns = turnsOf(rowsOf<Schemas['WaitlistEntry']>(line.data), free)
  const positionOf = (guestId: string) => turns.get(guestId)?.position ?? 0
  const columns: ColumnOf<Schemas['WaitlistEntry']>[] = [
    { id: 'name', title: WORDS.columns.name, cell: ({ name }) => name },
    { id: 'position', title: WORDS.columns.position, isNumber: true, cell: ({ guestId }) => positionOf(guestId) },
    { id: 'persons', title: WORDS.columns.persons, isNumber: true, cell: ({ partySize }) => partySize },
    { id: 'since', title: WORDS.columns.since, cell: ({ joinedAt }) => <When at={joinedAt} {...zone} /> },
    { id: 'by', title: WORDS.columns.by, cell: ({ addedBy }) => (addedBy ? WORDS.byTeam : WORDS.byGuest) },
    {
      id: 'state',
      title: WORDS.columns.state,
      cell: ({ guestId }) => <State turn={turns.get(guestId)} isOpen={isOpen} />,
    },
  ]
  const open = (entry: Schemas['WaitlistEntry'], what: Chosen['what']) =>
    setChosen({ entry: { ...entry, position: positionOf(entry.guestId) }, what })
  const actions: ColumnOf<Schemas['WaitlistEntry']> = {
    id: 'todo',
    title: WORDS.columns.todo,
    cell: (entry) => (
      <RowActions>
        {isOpen && free !== 0 ? (
          <Button look="quiet" aria-label={`${WORDS.give}: ${entry.name}`} onPress={() => open(entry, 'give')}>
            {WORDS.give}
          </Button>
        ) : null}
        <Button look="quiet" aria-label={`${WORDS.remove}: ${entry.name}`} onPress={() => open(entry, 'remove')}>
          {WORDS.remove}
        </Button>
      </RowActions>
    ),
  }
  const close = () => setChosen(null)
  return (
    <>
      <PagedTable
        pages={line}
        label={WORDS.line}
        idOf={({ guestId }) => guestId}
        empty={<Empty>{WORDS.none}</Empty>}
        onOpen={(guest) => void navigate({ to: `/events/${path.eventId}/guests`, search: { guest } })}
        columns={mayEdit ? [...columns, actions] : columns}
      />
      {chosen?.what === 'give' ? <Give entry={chosen.entry} free={free} onClose={close} /> : null}
      {chosen?.what === 'remove' ? <Remove entry={chosen.entry} onClose={close} /> : null}
    </>
  )
}

function State({ turn, isOpen }: { turn: Turn | undefined; isOpen: boolean }) {
  if (!isOpen) return <Status tone="none">{WORDS.stopped}</Status>
  if (!turn) return null
  if (turn.isNext) return <Status tone="ok">{WORDS.fits}</Status>
  return <Status tone="info">{turn.lack === 0 ? WORDS.waitsForTurn : WORDS.fitsNot(turn.lack)}</Status>
}

type OneProps = { entry: Entry; onClose: () => void }

/** Written down as a yes, which goes before the line, and may be for fewer than wait. */
function Give({ entry, free, onClose }: OneProps & { free: number | null }) {
  const { guestId, name, partySize, position } = entry
  const most = Math.min(partySize, free ?? partySize)
  const [typed, setTyped] = useState(String(most))
  const places = readPlaces(typed, most)
  const body = { answer: 'yes' as const, partySize: places ?? 0 }
  const isRight = Object.keys(checkBody(writeDownAnswerBody, body)).length === 0
  const path = { ...useEventPath(), guestId }
  const changed = useGuestsChanged()
  const [header, settle] = useIdempotencyKey()
  const answer = $api.useMutation('post', '/events/{eventId}/guests/{guestId}/rsvp', { onSettled: settle })
  const give = async () => {
    await answer.mutateAsync({ params: { path, header }, body })
    say(WORDS.given(name))
    changed()
  }
  return (
    <Confirm
      title={WORDS.giveTitle(name)}
      verb={places === null ? WORDS.give : WORDS.giveVerb(places)}
      look="main"
      isReady={isRight}
      run={give}
      onClose={onClose}
    >
      <div className={styles['stack']}>
        <p>
          {position > 1 ? `${WORDS.giveBefore(position - 1)} ` : ''}
          {WORDS.giveText}
        </p>
        <Field
          label={WORDS.givePlaces(partySize, free)}
          value={typed}
          onChange={setTyped}
          error={places === null ? WORDS.giveMost(most) : undefined}
          inputMode="numeric"
        />
      </div>
    </Confirm>
  )
}

function Remove({ entry: { guestId, name }, onClose }: OneProps) {
  const path = { ...useEventPath(), guestId }
  const changed = useGuestsChanged()
  const leave = $api.useMutation('delete', '/events/{eventId}/waitlist/{guestId}')
  const remove = async () => {
    await leave.mutateAsync({ params: { path } })
    say(WORDS.removed(name))
    changed()
  }
  return (
    <Confirm title={WORDS.removeTitle(name)} verb={WORDS.remove} run={remove} onClose={onClose}>
      {WORDS.removeText}
    </Confirm>
  )
}
