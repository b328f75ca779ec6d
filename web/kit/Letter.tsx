/** An e-mail as its reader sees it, under its sender and subject. Nothing in it can be opened. */
import { useEffect, useRef } from 'react'
import { pick } from '../words/locale.ts'
import { showLetter } from './letter.ts'
import styles from './letter.module.css'

const WORDS = pick({
  es: { from: 'De', subject: 'Asunto', simulated: 'Monotickets (correo simulado)' },
  en: { from: 'From', subject: 'Subject', simulated: 'Monotickets (simulated e-mail)' },
})

/** `from`: null while e-mail is simulated. */
type Props = { from: string | null; subject: string; html: string }

export function Letter({ from, subject, html }: Props) {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' })
    showLetter(root, html)
  }, [html])
  return (
    <article className={styles['letter']} aria-label={subject}>
      <dl className={styles['head']}>
        <dt>{WORDS.from}</dt>
        <dd>{from ?? WORDS.simulated}</dd>
        <dt>{WORDS.subject}</dt>
        <dd>
          <strong>{subject}</strong>
        </dd>
      </dl>
      <div className={styles['box']}>
        <div ref={host} className={styles['body']} />
      </div>
    </article>
  )
}
