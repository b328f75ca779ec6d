/** Codes that two gates admitted while one was offline. */
import { keepPreviousData } from '@tanstack/react-query'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Empty } from '../../kit/State.tsx'
import { formatClock, formatNumber } from '../../words/formats.ts'
import { useEvent, useEventPath } from '../shared/event.ts'
import styles from './door.module.css'
import { WORDS } from './words.ts'

export function Conflicts({ version }: { version: number }) {
  const timeZone = useEvent().data?.timeZone
  const init = { params: { path: useEventPath() }, version }
  const options = { ...BY_CURSOR, placeholderData: keepPreviousData }
  const conflicts = $api.useInfiniteQuery('get', '/events/{eventId}/door/conflicts', init, options)
  const passage = ({ at, gate }: Schemas['Passage']) => WORDS.at(formatClock(at, timeZone), gate ?? WORDS.noGate)
  return (
    <section>
      <h2>{WORDS.conflicts}</h2>
      <p className={styles['soft']}>{WORDS.conflictsText}</p>
      <PagedTable
        pages={conflicts}
        label={WORDS.conflicts}
        idOf={({ id }) => id}
        empty={<Empty>{WORDS.noConflicts}</Empty>}
        columns={[
          { id: 'guest', title: WORDS.guest, cell: ({ guestName }) => guestName },
          { id: 'persons', title: WORDS.persons, isNumber: true, cell: ({ persons }) => formatNumber(persons) },
          { id: 'first', title: WORDS.first, cell: ({ first }) => passage(first) },
          { id: 'second', title: WORDS.second, cell: ({ second }) => passage(second) },
        ]}
      />
    </section>
  )
}
