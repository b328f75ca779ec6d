/**
 * Runs the machine: asks the server, lets our list stand in when it is silent, keeps what was decided without it, and uploads
 * that. One page at a time does so (main.tsx holds a lock).
 */
import { explainProblem } from '../words/problems.ts'
import { openHistory, shownOf } from './history.ts'
import { codeOfGuest, codeOfText, judge, type Entry } from './judge.ts'
import { isOver, refreshList, wipeGuests } from './lists.ts'
import {
  advance,
  isSame,
  takesCodes,
  type DoorEvent,
  type Effect,
  type Scan,
  type Tone,
  type Verdict,
} from './machine.ts'
import { countWaiting, makeMemory, withInside, type Memory } from './memory.ts'
import { openNet, verdictOf } from './net.ts'
import type { Blocked, Session, Settings, Waiting } from './records.ts'
import type { Store } from './store.ts'
import { keepTime } from './time.ts'
import { uploadScans } from './uploads.ts'

/** After that our list stands in. */
const SILENT_MS = 800
const EVERY = { probeMs: 5000, uploadMs: 15_000, listMs: 30_000 }
const SHOWN_MS = 4000
/** What took longer was no work of this device: it slept. */
const TOOK_MAX_MS = 60_000

export type Engine = Awaited<ReturnType<typeof openEngine>>

/** `signal`: sound and vibration. */
export async function openEngine(store: Store, session: Session, signal: (tone: Tone, isMuted: boolean) => void) {
  const memory = await makeMemory(session, await store.readAll())
  const net = openNet(session, () => memory.session.gate)
  const history = openHistory(memory, store)
  const listeners = new Set<() => void>()
  let snapshot = { ...memory }
  const due = { probeMs: 0, uploadMs: 0, listMs: 0 }
  let failures = 0
  let lastTookMs: number | null = null
  let [isRefreshing, isDecoding] = [false, false]
  let uploading: Promise<void> | null = null

  const tell = () => {
    snapshot = { ...memory }
    for (const listener of listeners) listener()
  }

  function dispatch(event: DoorEvent): void {
    // The time in which somebody chose is not ours.
    if (event.kind === 'chosen') performance.mark('door-decoded')
    const before = memory.door.view
    const [door, effects] = advance(memory.door, event)
    memory.door = door
    if (door.view !== before && 'verdict' in door.view && door.view.kind !== 'correction')
      endLater(door.view.scan.scanId)
    tell()
    for (const effect of effects) run(effect)
  }

  const endLater = (scanId: string) => void setTimeout(() => dispatch({ kind: 'timedOut', scanId }), SHOWN_MS)

  function run(effect: Effect): void {
    if (effect.kind === 'signal') signal(effect.tone, memory.settings.isMuted)
    else if (effect.kind === 'keep') void keep(effect.scan, effect.verdict)
    else void check(effect.scan, effect.isAsked)
  }

  const judgeNow = (scan: Scan) =>
    memory.list && judge(memory.list, scan.code, { atMs: scan.atMs + memory.skewMs, count: scan.admit })

  /** One at a time: of two codes in one picture, the second comes again. */
  async function decode(scan: Scan): Promise<void> {
    if (isDecoding) return
    isDecoding = true
    const known = await Promise.resolve(judgeNow(scan)).finally(() => (isDecoding = false))
    dispatch({ kind: 'decoded', scan, known })
  }

  async function standIn(scan: Scan): Promise<void> {
    // A device that was deleted admits nobody. Staff whose login has run out go on: they sign in later.
    const isEnded = memory.blockedBy !== null && session.token !== null
    const known = memory.settings.isOnlineOnly || isEnded ? null : await judgeNow(scan)
    dispatch({ kind: 'silent', scanId: scan.scanId, verdict: known?.verdict ?? null })
  }

  async function check(scan: Scan, isAsked: boolean): Promise<void> {
    if (!isAsked) return standIn(scan)
    const asked = net.check(scan, lastTookMs)
    lastTookMs = null
    let timer: ReturnType<typeof setTimeout> | undefined
    const silence = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), SILENT_MS)))
    const first = await Promise.race([asked, silence])
    clearTimeout(timer)
    if (first === 'late') {
      await standIn(scan)
      const outcome = await asked
      const late = verdictOf(outcome)
      if (late) await takeLate(scan, late)
      return
    }
    await note(first)
    const verdict = verdictOf(first)
    if (!verdict) return standIn(scan)
    dispatch({ kind: 'answered', scanId: scan.scanId, verdict })
    await take(scan, verdict)
    if (memory.waiting.size > 0) void upload()
  }

  /** The server's word about a scan, into the list and the recent ones. */
  async function take(scan: Scan, verdict: Verdict): Promise<Entry | null> {
    const known = memory.list && (await judge(memory.list, scan.code, { atMs: scan.atMs + memory.skewMs, count: 1 }))
    const entry = known?.hash ? memory.list?.entries.get(known.hash) : undefined
    history.remember(scan, verdict, false)
    if (!entry || !verdict.guest) return null
    const changed = admitted(entry, scan, verdict, verdict.guest.admitted)
    await store.putEntry(changed)
    return changed
  }

  function admitted(entry: Entry, scan: Scan, verdict: Verdict, inside: number): Entry {
    const changed = withInside(entry, { scan, verdict, inside, session: memory.session })
    memory.list?.entries.set(entry.hash, changed)
    return changed
  }

  /** A scan that our list answered waits for its upload. */
  async function keep(scan: Scan, verdict: Verdict): Promise<void> {
    const known = await judgeNow(scan)
    const entry = known?.hash ? memory.list?.entries.get(known.hash) : undefined
    const { status, reason } = verdict
    const waiting = {
      scanId: scan.scanId,
      scan,
      hash: entry?.hash ?? null,
      gate: memory.session.gate,
      verdict: { status, ...(reason ? { reason } : {}) },
    }
    memory.waiting.set(scan.scanId, waiting)
    count()
    history.remember(scan, verdict, true)
    await store.keep(waiting, entry ? admitted(entry, scan, verdict, entry.inside) : null)
    tell()
  }

  const count = () => {
    if (memory.list) memory.list.waiting = countWaiting(memory.waiting)
  }

  async function takeLate(scan: Scan, verdict: Verdict): Promise<void> {
    if (memory.waiting.has(scan.scanId)) return verdict.text ? undefined : settle(scan.scanId, verdict)
    await take(scan, verdict)
    dispatch({ kind: 'answered', scanId: scan.scanId, verdict })
  }

  async function settle(scanId: string, verdict: Verdict): Promise<void> {
    const waiting = memory.waiting.get(scanId)
    if (!waiting) return
    const { scan, hash, gate, verdict: before } = waiting
    const entry = hash === null ? undefined : memory.list?.entries.get(hash)
    memory.waiting.delete(scanId)
    count()
    const changed = entry && verdict.guest ? admitted(entry, scan, verdict, verdict.guest.admitted) : null
    await store.settle(scanId, changed)
    history.remember(scan, verdict, false)
    if (!isSame(before, verdict)) await history.differ({ scanId, atMs: scan.atMs, gate, ...shownOf(before), verdict })
    dispatch({ kind: 'settled', scan, before, verdict, ageMs: Date.now() - scan.atMs })
  }

  async function note(outcome: { kind: 'ok' | 'silent' | 'refused' } | Blocked): Promise<void> {
    if (outcome.kind === 'ok') memory.blockedBy = null
    if (outcome.kind !== 'blocked') return
    memory.blockedBy = outcome.problem.status
    // Whoever holds a device that was removed needs no names any more. What waits has none.
    if (session.token !== null && memory.blockedBy === 401) await wipeGuests(memory, store)
  }

  async function refresh(): Promise<void> {
    if (isRefreshing) return
    isRefreshing = true
    due.listMs = due.probeMs = performance.now()
    try {
      await readList()
    } finally {
      isRefreshing = memory.isLoading = false
      tell()
    }
  }

  async function readList(): Promise<void> {
    if (isOver(memory)) return wipeGuests(memory, store)
    memory.isLoading = memory.list === null
    // A list that knows of a scan that still waits here would count it twice.
    await upload()
    const outcome = await refreshList(memory, net, store)
    await note(outcome)
    if (outcome.kind !== 'ok') return
    dispatch({ kind: 'reached' })
    if (memory.waiting.size > 0) void upload()
  }

  /** One at a time: whoever comes meanwhile waits for its end. */
  const upload = (): Promise<void> =>
    (uploading ??= uploadWaiting().finally(() => {
      uploading = null
    }))

  async function uploadWaiting(): Promise<void> {
    if (memory.waiting.size === 0) return
    memory.isUploading = true
    tell()
    const uploaded = await uploadScans(net, memory.waiting.values(), failures)
    memory.isUploading = false
    failures = uploaded.kind === 'again' ? failures + 1 : 0
    due.uploadMs = performance.now() + (uploaded.kind === 'again' ? uploaded.afterMs : EVERY.uploadMs)
    if (uploaded.kind === 'blocked') await note(uploaded)
    if (uploaded.kind === 'done') {
      memory.blockedBy = null
      for (const one of uploaded.settled) {
        if ('verdict' in one) await settle(one.waiting.scanId, one.verdict)
        else await reject(one.waiting, explainProblem(one.problem).text)
      }
    }
    tell()
    if (uploaded.kind === 'done' && uploaded.settled.length > 0) await uploadWaiting()
  }

  async function reject({ scanId, scan, gate, verdict }: Waiting, text: string): Promise<void> {
    if (!memory.waiting.delete(scanId)) return
    count()
    await store.settle(scanId, null)
    await history.mark(scanId, { isProvisional: false, isRejected: true })
    await history.differ({ scanId, atMs: scan.atMs, gate, ...shownOf(verdict), text })
  }

  function tick(nowMs: number): void {
    if (memory.waiting.size > 0 && !memory.door.isOffline && nowMs >= due.uploadMs) void upload()
    if (memory.door.isOffline && nowMs - due.probeMs >= EVERY.probeMs) void refresh()
    else if (nowMs - due.listMs >= EVERY.listMs) void refresh()
  }
  store.watch((isSaved) => {
    memory.isSaved = isSaved
    tell()
  })
  const close = keepTime(tick, () => void refresh())
  void navigator.storage?.persist?.()
  void refresh()

  const makeScan = (code: string, more: Partial<Scan> = {}): Scan => ({
    ...{ scanId: crypto.randomUUID(), code, admit: 1, atMs: Date.now(), ...more },
  })

  return {
    read: () => snapshot as Readonly<Memory>,
    subscribe(listener: () => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    dispatch,
    refresh,
    upload,
    net,
    takesCodes: () => !isDecoding && takesCodes(memory.door),
    /** A code was scanned or typed. */
    async scan(text: string): Promise<void> {
      performance.mark('door-decoded')
      await decode(makeScan(codeOfText(text)))
    },
    /** A guest was found by name. */
    choose: (guestId: string) => decode(makeScan(codeOfGuest(guestId), { isChosen: true })),
    more(): void {
      const { view } = memory.door
      if ('scan' in view) dispatch({ kind: 'more', scan: makeScan(view.scan.code) })
    },
    /** An answer is on screen. */
    painted(tookMs: number): void {
      lastTookMs = tookMs <= TOOK_MAX_MS ? Math.round(tookMs) : null
    },
    async change(settings: Partial<Settings>): Promise<void> {
      memory.settings = { ...memory.settings, ...settings }
      dispatch({ kind: 'limited', isOnlineOnly: memory.settings.isOnlineOnly })
      await store.set('settings', memory.settings)
    },
    async moveTo(gate: string): Promise<void> {
      memory.session = { ...memory.session, gate: gate.trim() || null }
      tell()
      await store.set('session', memory.session)
    },
    async markUndone(scanId: string): Promise<void> {
      await history.mark(scanId, { isUndone: true })
      await refresh()
    },
    forgetDifferences: () => history.forgetDifferences().then(tell),
    close,
  }
}
