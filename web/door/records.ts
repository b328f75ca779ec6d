/** What the door keeps and is told, as plain shapes. */
import type { EventFacts } from '../../src/checkin/rules.ts'
import type { components } from '../api/schema.d.ts'
import type { Scan, Verdict } from './machine.ts'

type Schemas = components['schemas']

/** `token`: of a device; null: the staff's own login. `device`: what scans are named after. */
export type Session = {
  eventId: string
  eventName: string
  timeZone: string
  endsAtMs: number
  gate: string | null
  device: string
  token: string | null
  /** Which way people go at this gate; absent: in. */
  direction?: Scan['direction']
}
/** Of the list that is stored whole. `skewMs`: how far this device's clock is behind the server's. */
export type ListInfo = {
  cursor: string
  event: EventFacts
  keys: { kid: number; publicKey: string }[]
  revoked: string[]
  readAtMs: number
  skewMs: number
}
/** A scan that our list answered. `hash`: of the entry that it counts for. */
export type Waiting = { scanId: string; scan: Scan; hash: string | null; gate: string | null; verdict: Verdict }
export type Recent = {
  scanId: string
  name: string
  status: Verdict['status']
  reason?: Verdict['reason']
  admit: number
  direction: Scan['direction']
  atMs: number
  isProvisional: boolean
  isUndone?: boolean
  /** The server did not take it, whatever was shown. */
  isRejected?: boolean
}
/** What the server found different from what was shown here. `text`: why it did not take the scan at all, in words. */
export type Difference = {
  scanId: string
  direction: Scan['direction']
  atMs: number
  gate: string | null
  shown: Verdict['status']
  /** Of what was shown. */
  reason?: Verdict['reason']
  verdict?: Verdict
  text?: string
}
export type Settings = { isOnlineOnly: boolean; isMuted: boolean }

export type Blocked = { kind: 'blocked'; problem: Schemas['Problem'] }
/** What a call came to. `silent`: no answer, or one that says nothing (503, 429). `blocked`: the server does not know us any more. */
export type Outcome<T> =
  | { kind: 'ok'; data: T }
  | { kind: 'silent'; afterMs: number }
  | Blocked
  | { kind: 'refused'; problem: Schemas['Problem'] }
