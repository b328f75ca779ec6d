/** Sends one message to the guests that were chosen. */
import { useState, type FormEvent } from 'react'
import { api, isProblem, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Choice, Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { say } from '../../kit/say.ts'
import { explainProblem } from '../../words/problems.ts'
import { TEMPLATE_OPTIONS, type Sendable } from '../../words/templates.ts'
import { useEventPath } from './event.ts'
import { useGuestsChanged } from './changed.ts'
import { WORDS } from './words.ts'

type To = Pick<Schemas['Guest'], 'id' | 'name'>
type Channel = Schemas['ChannelChoice']
type Outcome = { name: string; text: string }

const CHANNELS = (['auto', 'whatsapp', 'email'] as const).map((id) => ({ id, label: WORDS[id] }))

export function SendForm({ guests, onDone }: { guests: readonly To[]; onDone: () => void }) {
  const path = useEventPath()
  const changed = useGuestsChanged()
  const [template, setTemplate] = useState<Sendable>('event_invitation')
  const [channel, setChannel] = useState<Channel>('auto')
  const [text, setText] = useState('')
  const [done, setDone] = useState<number | null>(null)
  const [refused, setRefused] = useState<Outcome[]>([])
  const [repeated, setRepeated] = useState<readonly To[]>([])
  const needsText = template === 'event_update'

  /** `force`: also to those who had this message before. */
  const sendTo = async (to: readonly To[], force: boolean) => {
    const failed: Outcome[] = []
    const again: To[] = []
    for (const [index, { id, name }] of to.entries()) {
      setDone(index)
      const variables: Record<string, string> = needsText ? { update_text: text } : {}
      const call = { params: { path: { ...path, guestId: id } }, body: { template, channel, variables, force } }
      const { data, error } = await api
        .POST('/events/{eventId}/guests/{guestId}/send', call)
        .catch((error: unknown) => ({ data: undefined, error }))
      if (data?.status === 'duplicate') again.push({ id, name })
      if (error) failed.push({ name, text: explainProblem(isProblem(error) ? error : null).text })
    }
    setDone(null)
    setRefused(failed)
    setRepeated(again)
    changed()
    const queued = to.length - failed.length - again.length
    if (queued > 0) say(WORDS.queued(queued))
    if (queued === to.length) onDone()
  }
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    void sendTo(guests, false)
  }
  return (
    <Fields onSubmit={submit}>
      <Choice label={WORDS.template} value={template} options={TEMPLATE_OPTIONS} onChange={setTemplate} />
      <Choice label={WORDS.channel} value={channel} options={CHANNELS} onChange={setChannel} />
      {needsText ? <Field label={WORDS.variable} value={text} onChange={setText} lines={3} isRequired /> : null}
      {refused.length > 0 ? (
        <div role="alert">
          <p>{WORDS.notQueued(refused.length)}</p>
          <ul>
            {refused.map(({ name, text }) => (
              <li key={name}>
                {name}: {text}
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      {repeated.length > 0 ? (
        <div role="alert">
          <p>
            {WORDS.again} {repeated.map(({ name }) => name).join(', ')}
          </p>
          <Button isBusy={done !== null} onPress={() => void sendTo(repeated, true)}>
            {WORDS.sendAgain}
          </Button>
        </div>
      ) : (
        <div>
          <Button look="main" type="submit" isBusy={done !== null} isDisabled={needsText && text.trim() === ''}>
            {done === null ? WORDS.sendTo(guests.length) : WORDS.progress(done, guests.length)}
          </Button>
        </div>
      )}
    </Fields>
  )
}
