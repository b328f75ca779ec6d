/** The door's calls of the API: with the token of its device, or with the session of whoever has logged in. */
import { api, isProblem, type Schemas } from '../api/call.ts'
import { explainProblem } from '../words/problems.ts'
import { whomOf } from './judge.ts'
import type { Scan, Verdict } from './machine.ts'
import type { Outcome, Session, Waiting } from './records.ts'

const CHECK_MAX_MS = 10_000
const LIST_MAX_MS = 20_000
const UPLOAD_MAX_MS = 30_000

type Answer<T> = { data?: T; error?: unknown; response: Response }

async function call<T>(send: () => Promise<Answer<T>>): Promise<Outcome<T>> {
  try {
    const { data, error, response } = await send()
    if (data !== undefined) return { kind: 'ok', data }
    if (response.status === 429 || response.status >= 500)
      return { kind: 'silent', afterMs: Number(response.headers.get('retry-after') ?? 0) * 1000 || 0 }
    if (!isProblem(error)) return { kind: 'silent', afterMs: 0 }
    return { kind: [401, 403, 404].includes(response.status) ? 'blocked' : 'refused', problem: error }
  } catch {
    return { kind: 'silent', afterMs: 0 } // no network, or no answer in time
  }
}

/** What the server says, if it says anything: a scan that it does not take is refused, and our list does not stand in. */
export function verdictOf(outcome: Outcome<Verdict>): Verdict | null {
  if (outcome.kind === 'ok') return outcome.data
  return outcome.kind === 'refused' ? { status: 'invalid', text: explainProblem(outcome.problem).text } : null
}

export type Net = ReturnType<typeof openNet>

/** `gate`: the one of the moment; staff may walk to another. */
export function openNet({ eventId, token, device }: Session, gate: () => string | null) {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
  const within = (maxMs: number) => ({ headers, signal: AbortSignal.timeout(maxMs) })
  const label = (at: string | null) => (token === null ? { ...(at ? { gate: at } : {}), device } : {})
  return {
    check: ({ scanId, code, admit, direction, atMs }: Scan, lastTookMs: number | null): Promise<Outcome<Verdict>> =>
      call(() =>
        api.POST('/scan/validate', {
          ...within(CHECK_MAX_MS),
          body: {
            ...{ eventId, scanId, ...whomOf(code), admit, direction, scannedAt: new Date(atMs).toISOString() },
            ...label(gate()),
            ...(lastTookMs === null ? {} : { lastTookMs }),
          },
        }),
      ),
    readList: (since: string | null): Promise<Outcome<Schemas['Manifest']>> =>
      call(() =>
        api.GET('/scan/manifest/{eventId}', {
          ...within(LIST_MAX_MS),
          params: { path: { eventId }, query: { names: true, ...(since === null ? {} : { since }) } },
        }),
      ),
    upload: (scans: Waiting[]): Promise<Outcome<Schemas['ScanUploadResult']>> =>
      call(() =>
        api.POST('/scan/sync', {
          ...within(UPLOAD_MAX_MS),
          body: {
            eventId,
            sentAt: new Date().toISOString(),
            scans: scans.map(({ scanId, scan, gate: at, verdict }) => ({
              ...{ scanId, ...whomOf(scan.code), admit: scan.admit, direction: scan.direction },
              scannedAt: new Date(scan.atMs).toISOString(),
              ...label(at),
              shown: verdict.status,
            })),
          },
        }),
      ),
    /** Takes a scan back. It is for people: a supervisor's login counts, not the device. */
    undo: (scanId: string, reason: string, key: string): Promise<Outcome<unknown>> =>
      call(() =>
        api.POST('/events/{eventId}/scans/{scanId}/undo', {
          params: { path: { eventId, scanId }, header: { 'Idempotency-Key': key } },
          body: { reason },
        }),
      ),
  }
}

/** `eventId`: the only one whose code may be used up. */
export const claimDevice = (code: string, eventId: string | null): Promise<Outcome<Schemas['ClaimedDevice']>> =>
  call(() => api.POST('/devices/claim', { body: { code, ...(eventId === null ? {} : { eventId }) } }))
export const readUser = () => call(() => api.GET('/auth/me'))
/** All of them, page by page. */
export async function listEvents(): Promise<Outcome<Schemas['Event'][]>> {
  const events: Schemas['Event'][] = []
  for (let cursor: string | null = null; ;) {
    const query: { limit: number; cursor?: string } = { limit: 100, ...(cursor === null ? {} : { cursor }) }
    const outcome: Outcome<Schemas['EventPage']> = await call(() => api.GET('/events', { params: { query } }))
    if (outcome.kind !== 'ok') return outcome
    events.push(...outcome.data.data)
    cursor = outcome.data.page.nextCursor
    if (cursor === null) return { kind: 'ok', data: events }
  }
}
