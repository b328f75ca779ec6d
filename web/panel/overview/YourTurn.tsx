/** What waits for the Director, each with the screen where it is done. */
import { Link } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import { $api } from '../../api/client.ts'
import { Loaded } from '../../kit/State.tsx'
import { WORDS } from './words.ts'
import styles from './overview.module.css'

type Task = { id: string; text: string; to: string; search: Record<string, string> }

export function YourTurn() {
  const tasks = $api.useQuery('get', '/director/tasks')
  return (
    <section className={styles['turn']} aria-labelledby="your-turn">
      <h2 id="your-turn">{WORDS.yourTurn}</h2>
      <Loaded query={tasks} lines={1}>
        {({ reviews, differences, deadLetters, doorConflicts }) => (
          <TaskList
            tasks={[
              { id: 'reviews', n: reviews, text: WORDS.reviews(reviews), to: '/money/reviews', search: {} },
              { id: 'letters', n: deadLetters, text: WORDS.deadLetters(deadLetters), to: '/messages', search: {} },
              {
                id: 'differences',
                n: differences,
                text: WORDS.differences(differences),
                to: '/money/differences',
                search: {},
              },
              ...doorConflicts.map(({ eventId, name, conflicts }) => ({
                id: eventId,
                n: conflicts,
                text: WORDS.conflicts(conflicts, name),
                to: '/door',
                search: { eventId },
              })),
            ].filter(({ n }) => n > 0)}
          />
        )}
      </Loaded>
    </section>
  )
}

function TaskList({ tasks }: { tasks: readonly Task[] }) {
  if (tasks.length === 0) return <p className={styles['hint']}>{WORDS.nothing}</p>
  return (
    <ul>
      {tasks.map(({ id, text, to, search }) => (
        <li key={id}>
          <Link to={to} search={search}>
            {text}
            <ChevronRight size={16} aria-hidden="true" />
          </Link>
        </li>
      ))}
    </ul>
  )
}
