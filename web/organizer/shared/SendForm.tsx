/** Sends one message to the guests that were chosen. */
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { sendInvitationBody } from '../../api/bodies.ts'
import { api, isProblem, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Choice, Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody } from '../../kit/forms.ts'
import { usePaused } from '../../kit/paused.ts'
import { say } from '../../kit/say.ts'
import { explainProblem } from '../../words/problems.ts'
import { TEMPLATE_OPTIONS, type Sendable } from '../../words/templates.ts'
import { useGuestsChanged } from './changed.ts'
import { useEvent, useEventPath } from './event.ts'
import { Message } from './Message.tsx'
import styles from './message.module.css'
import { leftOf, NEW_ROUND, sendRound, type Round } from './round.ts'
import { usualTemplate } from './templates.ts'
import { Walk } from './Walk.tsx'
import { WORDS } from './words.ts'

/** `phone`: absent where it is a conversation in WhatsApp that they are written to. */
type To = Pick<Schemas['Guest'], 'id' | 'name'> & { phone?: string | null }
type Channel = Schemas['ChannelChoice']
type Sent = { template: Sendable; channel: Channel; variables: Record<string, string> }

const CHANNELS = (['auto', 'whatsapp', 'email'] as const).map((id) => ({ id, label: WORDS[id] }))

export function SendForm({ guests, onDone }: { guests: readonly To[]; onDone: () => void }) {
  const event = useEvent().data
  const [chosen, setChosen] = useState<Sendable>()
  const template = chosen ?? (event ? usualTemplate(event) : 'event_invitation')
  const [channel, setChannel] = useState<Channel>('auto')
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState<string>()
  const { round, progress, start, restart, forgetKeys } = useRound(guests, onDone)
  const needsText = template === 'event_update'
  const sentWith = (text: string): Sent => ({ template, channel, variables: needsText ? { update_text: text } : {} })
  const sent = sentWith(text)
  const seen = sentWith(usePaused(text))
  const left = leftOf(guests, round, false)
  const before = leftOf(guests, round, true)
  const isBusy = progress !== null
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const [found] = Object.values(checkBody(sendInvitationBody, { ...sent, force: false }))
    setWrong(found)
    if (!found) void start(sent, false)
  }
  return (
    <Fields onSubmit={submit}>
      <Choice
        label={WORDS.template}
        value={template}
        options={TEMPLATE_OPTIONS}
        isDisabled={isBusy}
        onChange={(id) => {
          setChosen(id)
          restart()
        }}
      />
      <Choice
        label={WORDS.channel}
        value={channel}
        options={CHANNELS}
        isDisabled={isBusy}
        onChange={(id) => {
          setChannel(id)
          forgetKeys()
        }}
      />
      {needsText ? (
        <Field
          label={WORDS.variable}
          value={text}
          onChange={(text) => {
            setText(text)
            setWrong(undefined)
            restart()
          }}
          error={wrong}
          lines={3}
          isRequired
          isDisabled={isBusy}
        />
      ) : null}
      {seen.variables['update_text']?.trim() === '' ? null : (
        <Look key={`${template} ${channel}`} guests={guests} sent={seen} />
      )}
      <Refusals guests={guests} round={round} />
      {left.length > 0 ? (
        <div>
          <Button look="main" type="submit" isBusy={isBusy} isDisabled={needsText && text.trim() === ''}>
            {progress ?? (round.outcomes.size > 0 ? WORDS.retry(left.length) : WORDS.sendTo(left.length))}
          </Button>
        </div>
      ) : null}
      {before.length > 0 ? (
        <div role="alert">
          <p>
            {WORDS.again(before.length)} {before.map(({ name }) => name).join(', ')}
          </p>
          <Button isBusy={isBusy} onPress={() => void start(sent, true)}>
            {WORDS.sendAgain}
          </Button>
        </div>
      ) : null}
    </Fields>
  )
}

/** What each of them would see, once it is asked for. */
function Look({ guests, sent: { channel, ...sent } }: { guests: readonly To[]; sent: Sent }) {
  const { eventId } = useEventPath()
  const [index, setIndex] = useState<number>()
  if (index === undefined)
    return (
      <div>
        <Button onPress={() => setIndex(0)}>{WORDS.look}</Button>
      </div>
    )
  const guest = guests[Math.min(index, guests.length - 1)]
  if (!guest) return null
  const { id: guestId, name, phone } = guest
  const usual = phone === null ? ('email' as const) : ('whatsapp' as const)
  return (
    <section className={styles['look']} aria-label={WORDS.preview}>
      <Walk name={name} {...{ index }} total={guests.length} onGo={setIndex} />
      <Message {...{ eventId, ...sent }} guest={{ guestId, channel: channel === 'auto' ? usual : channel }} />
      {channel === 'auto' && usual === 'whatsapp' ? <p className={styles['channel']}>{WORDS.usual}</p> : null}
    </section>
  )
}

function Refusals({ guests, round: { outcomes } }: { guests: readonly To[]; round: Round }) {
  const refused = guests.flatMap(({ id, name }) => {
    const outcome = outcomes.get(id)
    return typeof outcome === 'object' ? { id, text: `${name}: ${outcome.why}` } : []
  })
  if (refused.length === 0) return null
  return (
    <div role="alert">
      <p>{WORDS.notQueued(refused.length)}</p>
      <ul>
        {refused.map(({ id, text }) => (
          <li key={id}>{text}</li>
        ))}
      </ul>
    </div>
  )
}

/** What came of the message so far, and what sends it. It stops when the form is closed. */
function useRound(guests: readonly To[], onDone: () => void) {
  const path = useEventPath()
  const changed = useGuestsChanged()
  const [round, setRound] = useState<Round>(NEW_ROUND)
  const [progress, setProgress] = useState<string | null>(null)
  const isOpen = useRef(true)
  useEffect(() => {
    isOpen.current = true
    return () => {
      isOpen.current = false
    }
  }, [])
  const start = async (body: Sent, force: boolean) => {
    if (progress !== null) return
    const wasLeft = leftOf(guests, round, force)
    const after = await sendRound(guests, round, {
      force,
      send: ({ id }, key) => send(path.eventId, id, key, { ...body, force }),
      isStopped: () => !isOpen.current,
      onNext: (index, total) => setProgress(WORDS.progress(index, total)),
    })
    setProgress(null)
    setRound(after)
    changed()
    const queued = wasLeft.filter(({ id }) => after.outcomes.get(id) === 'queued').length
    if (queued > 0) say(WORDS.queued(queued))
    if (isOpen.current && guests.every(({ id }) => after.outcomes.get(id) === 'queued')) onDone()
  }
  // Other words are another message; another channel is another request.
  const restart = () => setRound(NEW_ROUND)
  const forgetKeys = () => setRound(({ outcomes }) => ({ outcomes, keys: new Map() }))
  return { round, progress, start, restart, forgetKeys }
}

async function send(eventId: string, guestId: string, key: string, body: Sent & { force: boolean }) {
  const params = { path: { eventId, guestId }, header: { 'Idempotency-Key': key } }
  const { data, error } = await api
    .POST('/events/{eventId}/guests/{guestId}/send', { params, body })
    .catch((error: unknown) => ({ data: undefined, error }))
  if (data) return { outcome: data.status === 'duplicate' ? ('before' as const) : ('queued' as const), isFinal: true }
  const isFinal = isProblem(error) && error.status < 500 && error.status !== 429
  return { outcome: { why: explainProblem(error).text }, isFinal }
}
