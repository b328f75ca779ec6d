/**
 * Runs the machine: asks the server, and lets our list stand in when it is silent (queue.ts keeps and uploads that). One page at
 * a time does so (main.tsx holds a lock).
 */
import { openHistory } from './history.ts'
import { codeOfGuest, codeOfText, judge } from './judge.ts'
import { isOver, refreshList, wipeGuests } from './lists.ts'
import { advance, takesCodes, type DoorEvent, type Effect, type Scan, type Tone, type Verdict } from './machine.ts'
import { makeMemory, recordsExits, setInside, type Memory } from './memory.ts'
import { openNet, verdictOf } from './net.ts'
import { openQueue } from './queue.ts'
import type { Blocked, Session, Settings } from './records.ts'
import type { Store } from './store.ts'
import { keepTime } from './time.ts'

/** After that our list stands in. */
const SILENT_MS = 800
const EVERY = { probeMs: 5000, listMs: 30_000 }
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
  const due = { probeMs: 0, listMs: 0 }
  let lastTookMs: number | null = null
  let [isRefreshing, isDecoding] = [false, false]

  const tell = () => {
    snapshot = { ...memory }
    for (const listener of listeners) listener()
  }

  const queue = openQueue({ memory, store, net, history, dispatch, blocked: note, tell })

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
    else if (effect.kind === 'keep') void queue.keep(effect.scan, effect.verdict, effect.hash)
    else void check(effect.scan, effect.isAsked)
  }

  const judgeNow = (scan: Scan) => memory.list && judge(memory.list, scan, memory.skewMs)

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
    dispatch({ kind: 'silent', scanId: scan.scanId, verdict: known?.verdict ?? null, hash: known?.hash ?? null })
  }

  /** Whether scans of this guest still wait here: the server would answer without them, and say that who has left is inside. */
  async function isHeld(scan: Scan): Promise<boolean> {
    const hash = (await judgeNow(scan))?.hash
    if (!hash || !queue.holds(hash)) return false
    await Promise.race([queue.upload(), new Promise((resolve) => setTimeout(resolve, SILENT_MS))])
    return queue.holds(hash)
  }

  async function check(scan: Scan, isAsked: boolean): Promise<void> {
    if (!isAsked || (await isHeld(scan))) return standIn(scan)
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
    if (memory.waiting.size > 0) void queue.upload()
  }

  /** The server's word about a scan, into the list and the recent ones. */
  async function take(scan: Scan, verdict: Verdict): Promise<void> {
    const known = await judgeNow(scan)
    const entry = known?.hash ? memory.list?.entries.get(known.hash) : undefined
    history.remember(scan, verdict, false)
    if (entry && verdict.guest)
      await store.putEntry(setInside(memory, entry, { scan, verdict, inside: verdict.guest.admitted }))
  }

  async function takeLate(scan: Scan, verdict: Verdict): Promise<void> {
    if (queue.has(scan.scanId)) return verdict.text ? undefined : queue.settle(scan.scanId, verdict)
    await take(scan, verdict)
    dispatch({ kind: 'answered', scanId: scan.scanId, verdict })
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
    await queue.upload()
    const outcome = await refreshList(memory, net, store)
    await note(outcome)
    if (outcome.kind !== 'ok') return
    if (!recordsExits(memory) && memory.direction === 'out') await turn('in')
    dispatch({ kind: 'reached' })
    if (memory.waiting.size > 0) void queue.upload()
  }

  /** Whether the next codes come in or go out; also after the page has been loaded again. */
  async function turn(direction: Scan['direction']): Promise<void> {
    memory.direction = direction
    memory.session = { ...memory.session, direction }
    tell()
    await store.set('session', memory.session)
  }

  function tick(nowMs: number): void {
    if (!memory.door.isOffline && queue.isDue(nowMs)) void queue.upload()
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
    ...{ scanId: crypto.randomUUID(), code, admit: 1, direction: memory.direction, atMs: Date.now(), ...more },
  })

  return {
    read: () => snapshot as Readonly<Memory>,
    subscribe(listener: () => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    dispatch,
    refresh,
    upload: queue.upload,
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
      if (!('scan' in view)) return
      const { code, direction } = view.scan
      dispatch({ kind: 'more', scan: makeScan(code, { direction }) })
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
    turn,
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
