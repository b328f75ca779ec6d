/** The answer to a scan, over the whole screen: colour, icon and words say the same. */
import { Check, CircleHelp, LogOut, Pause, X } from 'lucide-react'
import { useEffect, useRef, type ReactNode } from 'react'
import { formatClock } from '../words/formats.ts'
import type { Engine } from './engine.ts'
import { leftOf, type Correction, type Guest, type Scan, type Tone, type Verdict, type View } from './machine.ts'
import type { Memory } from './memory.ts'
import { explainReason } from './reasons.ts'
import { WORDS } from './words.ts'
import styles from './door.module.css'

type Props = { engine: Engine; memory: Memory }
const ICONS = { valid: Check, duplicate: Pause, invalid: X }

export function titleOf({ status, reason }: Verdict, direction: Scan['direction']): string {
  const isExit = direction === 'out'
  if (status === 'valid') return isExit ? WORDS.exit : WORDS.pass
  if (status === 'invalid') return isExit ? WORDS.noExit : WORDS.stop
  return reason === 'not_enough_places' ? WORDS.full : WORDS.twice
}

export function AnswerScreen({ engine, memory }: Props) {
  const { view } = memory.door
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // Nothing stands before an answer.
    if (view.kind !== 'idle') for (const dialog of document.querySelectorAll('dialog')) dialog.close()
    // What is behind the answer cannot have the focus, and gets it back afterwards.
    if (view.kind === 'idle' && document.activeElement === document.body) document.querySelector('main')?.focus()
    // The Enter of a slow scanner must not say how many enter.
    else
      box.current?.querySelector<HTMLElement>(view.kind === 'party' ? 'h2' : 'button')?.focus({ preventScroll: true })
    if (!('verdict' in view) || view.kind === 'correction') return undefined
    // The time of the frame after the one in which the answer is drawn.
    const frame = requestAnimationFrame(() => measure(engine))
    return () => cancelAnimationFrame(frame)
  }, [view, engine])
  const close = () => engine.dispatch({ kind: 'dismissed' })
  return (
    <div
      ref={box}
      className={view.kind === 'idle' ? styles['idle'] : `${styles['answer']} ${styles[lookOf(view)]}`}
      onKeyDown={(event) => (event.key === 'Escape' ? close() : undefined)}
      onClick={(event) => (event.target === event.currentTarget && view.kind !== 'party' ? close() : undefined)}
    >
      <div role="alert" className={styles['verdict']}>
        <Words view={view} memory={memory} />
      </div>
      <div className={`${styles['actions']} ${view.kind === 'party' && view.left > 5 ? styles['many'] : ''}`}>
        <Actions view={view} engine={engine} close={close} />
      </div>
    </div>
  )
}

function measure(engine: Engine): void {
  if (performance.getEntriesByName('door-decoded').length === 0) return
  const { duration } = performance.measure('door-answer', 'door-decoded')
  performance.clearMarks('door-decoded')
  engine.painted(duration)
}

function lookOf(view: View): Tone | 'provisional' | 'neutral' | 'checking' | 'exit' {
  if (view.kind === 'checking') return 'checking'
  if (view.kind === 'unanswered') return 'invalid'
  // Nobody may take it for the green that lets people in.
  if ('verdict' in view && view.verdict.status === 'valid' && view.scan.direction === 'out') return 'exit'
  if (view.kind === 'provisional') return view.verdict.status === 'valid' ? 'provisional' : view.verdict.status
  return 'verdict' in view ? view.verdict.status : 'neutral'
}

function Words({ view, memory }: { view: View; memory: Memory }) {
  switch (view.kind) {
    case 'idle':
      return null
    case 'checking':
      return <p>{WORDS.checking}</p>
    case 'party':
      return (
        <>
          <p className={styles['name']}>{view.guest?.name || WORDS.noName}</p>
          <p>{view.scan.direction === 'out' ? WORDS.inside(view.left) : WORDS.left(view.left)}</p>
          {view.guest ? <Details guest={view.guest} /> : null}
          <h2 tabIndex={-1} className={styles['question']}>
            {view.scan.direction === 'out' ? WORDS.howManyLeave : WORDS.howMany}
          </h2>
        </>
      )
    case 'unanswered':
      return (
        <>
          <CircleHelp className={styles['sign']} aria-hidden="true" />
          <p className={styles['word']}>{WORDS.noAnswer}</p>
          <p>{WORDS.noAnswerWhy}</p>
        </>
      )
    case 'correction':
      return <Corrected correction={view} memory={memory} />
    default:
      return (
        <Found verdict={view.verdict} scan={view.scan} memory={memory}>
          {view.kind === 'provisional' ? <p className={styles['mark']}>{WORDS.unconfirmed}</p> : null}
        </Found>
      )
  }
}

function Corrected({ correction: { before, verdict, scan }, memory }: { correction: Correction; memory: Memory }) {
  const { timeZone, gate } = memory.session
  const ours = WORDS.firstAt(formatClock(scan.atMs, timeZone), gate)
  const first = verdict.first && WORDS.firstAt(formatClock(verdict.first.at, timeZone), verdict.first.gate)
  return (
    <Found verdict={verdict} scan={scan} memory={memory}>
      <p className={styles['mark']}>{WORDS.correction}</p>
      <p>{WORDS.before(titleOf(before, scan.direction))}</p>
      {verdict.isConflict && first ? <p>{WORDS.doubleEntry(`${first}; ${ours}`)}</p> : null}
    </Found>
  )
}

type FoundProps = { verdict: Verdict; scan: Scan; memory: Memory; children: ReactNode }

function Found({ verdict, scan: { direction }, memory, children }: FoundProps) {
  const { status, reason, text, guest, first } = verdict
  const { timeZone } = memory.session
  const Icon = status === 'valid' && direction === 'out' ? LogOut : ICONS[status]
  return (
    <>
      <Icon className={styles['sign']} fill={status === 'duplicate' ? 'currentColor' : 'none'} aria-hidden="true" />
      <p className={styles['word']}>{titleOf(verdict, direction)}</p>
      {children}
      {guest ? <p className={styles['name']}>{guest.name || WORDS.noName}</p> : null}
      {status === 'duplicate' && first ? (
        <p className={styles['first']}>{WORDS.firstAt(formatClock(first.at, timeZone), first.gate)}</p>
      ) : null}
      {status === 'invalid' ? (
        <p className={styles['first']}>{text ?? explainReason(reason, memory.info?.event, timeZone)}</p>
      ) : null}
      {guest ? <p>{WORDS.insideOf(guest.admitted, guest.partySize)}</p> : null}
      {guest && status !== 'invalid' ? <Details guest={guest} /> : null}
    </>
  )
}

function Details({ guest: { notes, companions, answer } }: { guest: Guest }) {
  const names = companions.flatMap(({ name }) => name ?? [])
  return (
    <>
      {notes ? <p className={styles['notes']}>{notes}</p> : null}
      {names.length > 0 ? <p>{WORDS.comesWith(names.join(', '))}</p> : null}
      {WORDS.answers[answer] ? <p>{WORDS.answers[answer]}</p> : null}
    </>
  )
}

function Actions({ view, engine, close }: { view: View; engine: Engine; close: () => void }) {
  if (view.kind === 'idle' || view.kind === 'checking') return null
  if (view.kind === 'party')
    return (
      <>
        {Array.from({ length: view.left }, (_, n) => view.left - n).map((n) => (
          <button key={n} type="button" onClick={() => engine.dispatch({ kind: 'chosen', admit: n })}>
            {view.scan.direction === 'out' ? WORDS.goOut(n) : WORDS.enter(n)}
          </button>
        ))}
        <button type="button" className={styles['quiet']} onClick={close}>
          {WORDS.cancel}
        </button>
      </>
    )
  if (view.kind === 'unanswered')
    return (
      <>
        <button type="button" onClick={() => engine.dispatch({ kind: 'retried' })}>
          {WORDS.again}
        </button>
        <button type="button" className={styles['quiet']} onClick={close}>
          {WORDS.cancel}
        </button>
      </>
    )
  const { verdict, scan } = view
  const isOver = view.kind === 'correction' || verdict.status === 'invalid' || !verdict.guest
  const left = isOver ? 0 : leftOf(verdict.guest!, scan)
  return (
    <>
      <button type="button" onClick={close}>
        {view.kind === 'correction' ? WORDS.understood : WORDS.next}
      </button>
      {left > 0 ? (
        <button type="button" className={styles['quiet']} onClick={() => engine.more()}>
          {scan.direction === 'out' ? WORDS.moreLeave(left) : WORDS.more(left)}
        </button>
      ) : null}
    </>
  )
}
