/** A state as an icon, a word and a colour: never the colour alone. */
import { CircleAlert, CircleCheck, CircleDashed, CircleX, Info } from 'lucide-react'
import styles from './kit.module.css'

const ICONS = { ok: CircleCheck, warn: CircleAlert, bad: CircleX, info: Info, none: CircleDashed }
export type Tone = keyof typeof ICONS

export function Status({ tone, children }: { tone: Tone; children: string }) {
  const Icon = ICONS[tone]
  return (
    <span className={`${styles['status']} ${styles[`tone-${tone}`]}`}>
      <Icon size={16} aria-hidden="true" />
      {children}
    </span>
  )
}
