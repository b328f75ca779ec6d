/** What is sent, to whom, by which channel and when. */
import { useEffect, useState } from 'react'
import { DateField } from '../../kit/DateField.tsx'
import { Choice, Field } from '../../kit/Field.tsx'
import type { FieldErrors } from '../../kit/forms.ts'
import { RadioChoice } from '../../kit/RadioChoice.tsx'
import { GUEST_STATES } from '../../words/states.ts'
import { TEMPLATE_OPTIONS } from '../../words/templates.ts'
import type { Event } from '../shared/event.ts'
import { usualTemplate } from '../shared/templates.ts'
import styles from './sends.module.css'
import type { Draft } from './draft.ts'
import { WORDS } from './words.ts'

const CHANNELS = (['auto', 'whatsapp', 'email'] as const).map((id) => ({ id, label: WORDS.channels[id] }))
const STATUSES = (['pending', 'confirmed', 'declined', 'scanned'] as const).map((id) => ({
  id,
  label: GUEST_STATES[id].text,
}))
const WHEN = [
  { id: 'now', label: WORDS.now },
  { id: 'later', label: WORDS.later },
] as const
/** A pause in typing, after which the check runs again. */
const PAUSE_MS = 400

/** `wrong`: by field of the request. */
type Props = { event: Event; draft: Draft; wrong: FieldErrors; onChange: (changes: Draft) => void }

export function DraftForm({ event, draft, wrong, onChange }: Props) {
  const { template = usualTemplate(event), status, channel = 'auto', tag, text, later, at } = draft
  const isLater = later === true || at !== undefined
  const choose = (id: 'now' | 'later') => onChange(id === 'now' ? { later: undefined, at: undefined } : { later: true })
  return (
    <form className={styles['stack']} onSubmit={(submission) => submission.preventDefault()}>
      <Choice
        label={WORDS.template}
        value={template}
        options={TEMPLATE_OPTIONS}
        onChange={(template) => onChange({ template })}
      />
      {template === 'event_update' ? (
        <Paused
          label={WORDS.variable}
          value={text}
          error={wrong['variables.update_text']}
          lines={4}
          onChange={(text) => onChange({ text })}
        />
      ) : null}
      <Choice
        label={WORDS.status}
        value={status ?? 'all'}
        options={[{ id: 'all' as const, label: WORDS.all }, ...STATUSES]}
        onChange={(id) => onChange({ status: id === 'all' ? undefined : id })}
      />
      <Paused label={WORDS.tag} value={tag} error={wrong['filter.tags.0']} onChange={(tag) => onChange({ tag })} />
      <Choice label={WORDS.channel} value={channel} options={CHANNELS} onChange={(channel) => onChange({ channel })} />
      <RadioChoice label={WORDS.when} value={isLater ? 'later' : 'now'} options={WHEN} onChange={choose} />
      {isLater ? (
        <DateField
          label={WORDS.at}
          withTime
          canBeEmpty
          value={at ?? ''}
          onChange={(at) => onChange({ later: true, at: at || undefined })}
        />
      ) : null}
    </form>
  )
}

type PausedProps = {
  label: string
  value: string | undefined
  error: string | undefined
  lines?: number
  onChange: (value?: string) => void
}

/** A text that counts after a pause in typing. */
function Paused({ label, value = '', error, lines = 1, onChange }: PausedProps) {
  const [text, setText] = useState(value)
  useEffect(() => {
    if (text === value) return undefined
    const timer = setTimeout(() => onChange(text || undefined), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return <Field label={label} value={text} error={error} lines={lines} onChange={setText} />
}
