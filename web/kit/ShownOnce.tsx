/**
 * A secret or a link that is shown this once: people copy it, and nobody can ask for it again. `null`: it was in an answer that was
 * lost on its way.
 */
import { useState } from 'react'
import { pick } from '../words/locale.ts'
import { Button } from './Button.tsx'
import { Field } from './Field.tsx'
import styles from './kit.module.css'
import { Row } from './Row.tsx'
import { say } from './say.ts'

const WORDS = pick({
  es: {
    copy: 'Copiar',
    copied: 'Copiado',
    hint: 'Cópialo ahora: no se vuelve a mostrar.',
    gone: 'Ya se creó; pide otro.',
  },
  en: {
    copy: 'Copy',
    copied: 'Copied',
    hint: 'Copy it now: it is not shown again.',
    gone: 'It was made already; ask for another one.',
  },
})

export function ShownOnce({ label, text }: { label: string; text: string | null }) {
  const [isCopied, setIsCopied] = useState(false)
  if (text === null) return <p role="alert">{WORDS.gone}</p>
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setIsCopied(true)
    say(WORDS.copied)
  }
  return (
    <div data-shown-once className={styles['fields']}>
      <Field label={label} value={text} isReadOnly hint={WORDS.hint} onFocus={(event) => event.target.select()} />
      <Row>
        <Button look="main" onPress={() => void copy()}>
          {isCopied ? WORDS.copied : WORDS.copy}
        </Button>
      </Row>
    </div>
  )
}
