/** How many rows of a list are what. */
import { formatNumber } from '../../words/formats.ts'
import styles from './imports.module.css'

type Kind = 'created' | 'updated' | 'unchanged' | 'rejected'
export const KINDS: Kind[] = ['created', 'updated', 'unchanged', 'rejected']

export function Counts({
  counts,
  names,
}: {
  counts: Record<Kind, number>
  names: Record<Kind, (n: number) => string>
}) {
  return (
    <ul className={styles['counts']}>
      {KINDS.map((kind) => (
        <li key={kind} className={kind === 'rejected' && counts.rejected > 0 ? styles['bad'] : ''}>
          <strong>{formatNumber(counts[kind])}</strong> {names[kind](counts[kind])}
        </li>
      ))}
    </ul>
  )
}
