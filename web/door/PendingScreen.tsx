/** Pendientes: what waits to be uploaded, what the server found different, the last scans, and the settings of this device. */
import { useState, type SubmitEvent } from 'react'
import { chooseLocale, LOCALE } from '../words/locale.ts'
import { formatClock } from '../words/formats.ts'
import { explainProblem } from '../words/problems.ts'
import { titleOf } from './AnswerScreen.tsx'
import type { Engine } from './engine.ts'
import { Install } from './Install.tsx'
import type { Memory } from './memory.ts'
import { Popup } from './Popup.tsx'
import { RecentScans } from './RecentScans.tsx'
import type { Difference, Recent } from './records.ts'
import { explainReason } from './reasons.ts'
import { WORDS } from './words.ts'
import styles from './door.module.css'

type Props = { engine: Engine; memory: Memory }

export function PendingScreen({ engine, memory, onLeave }: Props & { onLeave: () => Promise<void> }) {
  const [undoing, setUndoing] = useState<Recent | null>(null)
  const { recent, session, waiting } = memory
  const mayUndo = (one: Recent) =>
    one.status === 'valid' && !one.isUndone && !one.isRejected && !waiting.has(one.scanId)
  return (
    <>
      <Uploads engine={engine} memory={memory} />
      {memory.differences.length > 0 ? <Differences engine={engine} memory={memory} /> : null}
      <h2>{WORDS.recent}</h2>
      <RecentScans
        recent={recent}
        timeZone={session.timeZone}
        action={(one) =>
          mayUndo(one) ? (
            <button type="button" onClick={() => setUndoing(one)}>
              {WORDS.undo}
            </button>
          ) : null
        }
      />
      <SettingsOf engine={engine} memory={memory} onLeave={onLeave} />
      {undoing ? <Undo engine={engine} one={undoing} onClose={() => setUndoing(null)} /> : null}
    </>
  )
}

function Uploads({ engine, memory: { waiting, blockedBy, isUploading, door, session, info, list, settings } }: Props) {
  return (
    <section className={styles['card']}>
      <h2>{waiting.size === 0 ? WORDS.allUploaded : WORDS.toUpload(waiting.size)}</h2>
      {blockedBy === null ? null : <Blocked status={blockedBy} isDevice={session.token !== null} />}
      {door.isOffline ? <p>{settings.isOnlineOnly ? WORDS.noAnswerWhy : WORDS.offlineWhy}</p> : null}
      <p>{list ? WORDS.ready(list.entries.size) : WORDS.notReady}</p>
      {info ? <p className={styles['soft']}>{WORDS.listAge(formatClock(info.readAtMs, session.timeZone))}</p> : null}
      {waiting.size > 0 ? (
        <button
          type="button"
          className={styles['main']}
          aria-disabled={isUploading}
          onClick={() => void engine.upload()}
        >
          {WORDS.uploadNow}
        </button>
      ) : null}
    </section>
  )
}

const Blocked = ({ status, isDevice }: { status: number; isDevice: boolean }) => (
  <div role="alert" className={styles['trouble']}>
    <p>{isDevice ? WORDS.blockedDevice : status === 404 ? WORDS.noEvent : WORDS.blockedWhy}</p>
    {isDevice ? null : <OtherLogin status={status} />}
  </div>
)

/** Signing in leads back here at once while somebody is signed in, so that whose account may not do this logs out first. */
const OtherLogin = ({ status }: { status: number }) =>
  status === 401 ? (
    <a href="/login?next=/door" className={styles['button']}>
      {WORDS.signIn}
    </a>
  ) : (
    <form method="post" action="/logout">
      <button type="submit">{WORDS.otherLogin}</button>
    </form>
  )

function Differences({ engine, memory: { differences, session, info } }: Props) {
  const { timeZone } = session
  const tell = ({ atMs, direction, gate, shown, reason, verdict, text = '' }: Difference) => {
    const ours = WORDS.firstAt(formatClock(atMs, timeZone), gate)
    if (!verdict) return `${ours}. ${WORDS.rejected(text)}`
    if (verdict.isConflict && verdict.first)
      return WORDS.doubleEntry(`${WORDS.firstAt(formatClock(verdict.first.at, timeZone), verdict.first.gate)}; ${ours}`)
    const is = [titleOf(verdict, direction), explainReason(verdict.reason, info?.event, timeZone)]
      .filter(Boolean)
      .join(', ')
    return `${ours}. ${WORDS.differs(titleOf({ status: shown, ...(reason ? { reason } : {}) }, direction), is)}`
  }
  return (
    <section className={styles['card']}>
      <h2>{WORDS.differences}</h2>
      <ul className={styles['list']}>
        {differences.map((one) => (
          <li key={one.scanId}>
            <span className={styles['who']}>
              <strong>{one.verdict?.guest?.name || WORDS.noName}</strong>
              <small>{tell(one)}</small>
            </span>
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => void engine.forgetDifferences()}>
        {WORDS.seen}
      </button>
    </section>
  )
}

function Undo({ engine, one, onClose }: { engine: Engine; one: Recent; onClose: () => void }) {
  const [reason, setReason] = useState('')
  const [failure, setFailure] = useState('')
  const [needsLogin, setNeedsLogin] = useState<number | null>(null)
  const [key] = useState(() => crypto.randomUUID())
  const undo = async (event: SubmitEvent) => {
    event.preventDefault()
    if (reason.trim() === '') return setFailure(WORDS.needReason)
    const outcome = await engine.net.undo(one.scanId, reason, key)
    if (outcome.kind === 'ok') {
      onClose()
      return engine.markUndone(one.scanId)
    }
    const problem = 'problem' in outcome ? outcome.problem : undefined
    setNeedsLogin(problem && [401, 403].includes(problem.status) ? problem.status : null)
    const why = problem?.code === 'event_not_found' ? WORDS.noEvent : explainProblem(problem).text
    setFailure(`${WORDS.undoFailed} ${why}`)
  }
  return (
    <Popup
      title={(one.direction === 'out' ? WORDS.undoExitTitle : WORDS.undoTitle)(one.name || WORDS.noName)}
      onClose={onClose}
    >
      <form onSubmit={(event) => void undo(event)} className={styles['form']}>
        <label>
          {WORDS.reason}
          <input value={reason} maxLength={500} onChange={({ target }) => setReason(target.value)} />
        </label>
        <p role="alert" className={styles['failure']}>
          {failure}
        </p>
        {needsLogin === null ? null : <p>{WORDS.undoLogin}</p>}
        <button type="submit" className={styles['main']}>
          {WORDS.undo}
        </button>
      </form>
      {needsLogin === null ? null : <OtherLogin status={needsLogin} />}
    </Popup>
  )
}

function SettingsOf({ engine, memory, onLeave }: Props & { onLeave: () => Promise<void> }) {
  const { settings, session } = memory
  const [isLeaving, setLeaving] = useState(false)
  const [gate, setGate] = useState(session.gate ?? '')
  return (
    <section className={styles['card']}>
      <h2>{WORDS.settings}</h2>
      <label className={styles['switch']}>
        <input
          type="checkbox"
          checked={settings.isOnlineOnly}
          onChange={({ target }) => void engine.change({ isOnlineOnly: target.checked })}
        />
        <span className={styles['who']}>
          {WORDS.onlineOnly}
          <small>{WORDS.onlineOnlyWhy}</small>
        </span>
      </label>
      <label className={styles['switch']}>
        <input
          type="checkbox"
          checked={settings.isMuted}
          onChange={({ target }) => void engine.change({ isMuted: target.checked })}
        />
        {WORDS.muted}
      </label>
      {session.token === null ? (
        <label className={styles['field']}>
          {WORDS.gate}
          <input
            value={gate}
            maxLength={60}
            onChange={({ target }) => setGate(target.value)}
            onBlur={() => void engine.moveTo(gate)}
          />
        </label>
      ) : null}
      <Install />
      <button type="button" onClick={() => chooseLocale(LOCALE === 'en' ? 'es-MX' : 'en')}>
        {WORDS.language}
      </button>
      <button type="button" onClick={() => setLeaving(true)}>
        {WORDS.leave}
      </button>
      {isLeaving ? <Leave count={memory.waiting.size} onLeave={onLeave} onClose={() => setLeaving(false)} /> : null}
    </section>
  )
}

type LeaveProps = { count: number; onLeave: () => Promise<void>; onClose: () => void }

const Leave = ({ count, onLeave, onClose }: LeaveProps) => (
  <Popup title={WORDS.leave} onClose={onClose}>
    <p>{count > 0 ? WORDS.leaveLosing(count) : WORDS.leaveWhy}</p>
    <button type="button" className={styles['danger']} onClick={() => void onLeave()}>
      {WORDS.leaveAnyway}
    </button>
  </Popup>
)
