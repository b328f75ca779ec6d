/** Preparar: the code of a device, or the staff's own login with an event and a gate. */
import { useEffect, useState, type SubmitEvent } from 'react'
import { closesAtMs } from '../../src/checkin/rules.ts'
import type { Schemas } from '../api/call.ts'
import { explainProblem } from '../words/problems.ts'
import { Install } from './Install.tsx'
import { claimDevice, listEvents, readUser } from './net.ts'
import type { Outcome, Session } from './records.ts'
import { WORDS } from './words.ts'
import styles from './door.module.css'

type Props = { onReady: (session: Session) => Promise<void> }
/** `current`: the event of this device, which another one may take the place of; not while `waiting` scans are not uploaded. */
type PrepareProps = {
  current: Session | null
  waiting: number
  /** Returns why this device cannot work so, or an empty text. */
  onReady: (session: Session) => Promise<string>
}

export function Prepare({ onReady, current, waiting }: PrepareProps) {
  const [refusal, setRefusal] = useState('')
  const start = async (session: Session) => setRefusal(await onReady(session))
  return (
    <main className={styles['plain']}>
      <h1>{WORDS.prepare}</h1>
      <p role="alert" className={styles['failure']}>
        {refusal}
      </p>
      {current === null ? null : <a href="/door">{WORDS.back(current.eventName)}</a>}
      <DeviceCode
        onReady={start}
        onlyEvent={waiting > 0 ? (current?.eventId ?? null) : null}
        otherWaits={WORDS.otherWaits(waiting, current?.eventName ?? '')}
      />
      <h2>{WORDS.or}</h2>
      <OwnLogin onReady={start} />
      <Install />
    </main>
  )
}

const explain = (outcome: Outcome<unknown>): string =>
  outcome.kind === 'ok' ? '' : explainProblem('problem' in outcome ? outcome.problem : undefined).text

function readCode(): string {
  const text = location.hash.slice(1)
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function DeviceCode({ onReady, onlyEvent, otherWaits }: Props & { onlyEvent: string | null; otherWaits: string }) {
  const [code, setCode] = useState(readCode)
  const [failure, setFailure] = useState('')
  const [isBusy, setBusy] = useState(false)
  const claim = async (event: SubmitEvent) => {
    event.preventDefault()
    if (isBusy || code.trim() === '') return
    setBusy(true)
    const outcome = await claimDevice(code, onlyEvent)
    setBusy(false)
    if (outcome.kind === 'refused' && outcome.problem.code === 'device_code_of_other_event')
      return setFailure(otherWaits)
    if (outcome.kind !== 'ok') return setFailure(explain(outcome))
    const { token, device, event: of } = outcome.data
    await onReady({
      ...{ eventId: of.id, eventName: of.name, timeZone: of.timeZone, endsAtMs: Date.parse(of.endsAt) },
      ...{ gate: device.gate, device: device.name, token },
    })
  }
  return (
    <form onSubmit={(event) => void claim(event)} className={styles['form']}>
      <p>{WORDS.prepareWhy}</p>
      <label>
        {WORDS.deviceCode}
        <input
          value={code}
          onChange={(event) => setCode(event.target.value)}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          aria-describedby="code-failure"
        />
      </label>
      <p id="code-failure" role="alert" className={styles['failure']}>
        {failure}
      </p>
      <button type="submit" className={styles['main']} aria-disabled={isBusy}>
        {WORDS.start}
      </button>
    </form>
  )
}

type Loaded = { user: Schemas['User']; events: Schemas['Event'][] }

function OwnLogin({ onReady }: Props) {
  const [loaded, setLoaded] = useState<Loaded | null | undefined>()
  useEffect(() => {
    const load = async () => {
      const me = await readUser()
      const events = me.kind === 'ok' ? await listEvents() : null
      setLoaded(me.kind === 'ok' && events?.kind === 'ok' ? { user: me.data.user, events: events.data } : null)
    }
    void load()
  }, [])
  if (loaded === undefined) return <p aria-busy="true">…</p>
  if (loaded === null)
    return (
      <a href="/login?next=/door" className={styles['button']}>
        {WORDS.signIn}
      </a>
    )
  return (
    <>
      <ChooseEvent {...loaded} onReady={onReady} />
      <form method="post" action="/logout" className={styles['form']}>
        <button type="submit">{WORDS.logOut(loaded.user.name)}</button>
      </form>
    </>
  )
}

const SCANNERS = ['staff', 'organizer', 'director']

const isOpen = ({ status, endsAt }: Schemas['Event']): boolean =>
  ['active', 'archived'].includes(status) && Date.now() < closesAtMs({ endsAtMs: Date.parse(endsAt) })

function ChooseEvent({ user, events, onReady }: Loaded & Props) {
  const open = events.filter(isOpen).toSorted(byDistance)
  const [eventId, setEventId] = useState(open[0]?.id ?? '')
  const event = open.find(({ id }) => id === eventId)
  const [gate, setGate] = useState<string | null>(null)
  if (!event || !SCANNERS.includes(user.role)) return <p>{WORDS.noEvents}</p>
  const chosenGate = gate ?? event.gate ?? ''
  const start = (submit: SubmitEvent) => {
    submit.preventDefault()
    void onReady({
      ...{ eventId: event.id, eventName: event.name, timeZone: event.timeZone, endsAtMs: Date.parse(event.endsAt) },
      ...{ gate: chosenGate.trim() || null, token: null },
      // Two phones of one account are two devices.
      device: `${user.name.slice(0, 60)} ${crypto.randomUUID().slice(0, 4)}`,
    })
  }
  return (
    <form onSubmit={start} className={styles['form']}>
      <label>
        {WORDS.event}
        <select value={eventId} onChange={({ target }) => setEventId(target.value)}>
          {open.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        {WORDS.gate}
        <input value={chosenGate} maxLength={60} onChange={({ target }) => setGate(target.value)} />
      </label>
      <button type="submit" className={styles['main']}>
        {WORDS.start}
      </button>
    </form>
  )
}

/** The event of today comes first. */
const byDistance = (a: Schemas['Event'], b: Schemas['Event']): number =>
  Math.abs(Date.parse(a.startsAt) - Date.now()) - Math.abs(Date.parse(b.startsAt) - Date.now())
