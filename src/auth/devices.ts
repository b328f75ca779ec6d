/**
 * Devices: phones and scanners at one gate of one event. Whoever manages the event shows a code as a QR; the device exchanges
 * it, once, for a token that opens this door and nothing else.
 */
import { randomBytes, randomInt } from 'node:crypto'
import QRCode from 'qrcode'
import { newId, violatedConstraint } from '../platform/db.ts'
import { Failure, readFields } from '../platform/errors.ts'
import { foldCode, parseName } from '../platform/values/text.ts'
import { limitAttempts, networkOf } from '../http/rate-limit.ts'
import type { User } from '../http/access.ts'
import { sha256, type AuthContext } from './auth.ts'
import {
  claimDevice,
  deleteDevice,
  findStatusOfEvent,
  insertDevice,
  isClaimable,
  type Device,
  type EventOfDevice,
} from './devices-sql.ts'

type Context = Pick<AuthContext, 'db' | 'kv' | 'now' | 'config' | 'credentials'>

const CODE_MS = 15 * 60_000
/** Crockford's base 32: nobody mistakes one of them for another. Twelve are 60 bits, for a quarter of an hour. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const newCode = (): string =>
  Array.from({ length: 3 }, () => Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('')).join(
    '-',
  )

/** The code in what was typed or scanned: the text of the QR too, in any case, with or without hyphens. */
const readCode = (text: string): string =>
  foldCode(text.slice(text.lastIndexOf('#') + 1))
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')

export type MadeDevice = { device: Device; code: string; qr: { text: string; svg: string } }

/**
 * Adds a device and makes the code that sets it up. Throws `event_not_found`, `event_closed` (the event has expired) and
 * `device_exists` (the event has one of this name).
 */
export async function addDevice(
  { db, now, config }: Context,
  caller: User,
  input: { eventId: string; gate: string; name: string },
): Promise<MadeDevice> {
  const createdAt = now()
  const labels = readFields({ gate: () => parseName(input.gate), name: () => parseName(input.name) })
  const code = newCode()
  const device = await insertDevice(db, caller.organizerId, {
    ...{ id: newId('dev'), eventId: input.eventId, ...labels, codeHash: sha256(readCode(code)) },
    ...{ codeExpiresAt: new Date(createdAt.getTime() + CODE_MS), createdBy: caller.id, createdAt },
  }).catch((error: unknown) => {
    if (violatedConstraint(error) === 'devices_name_unique') throw new Failure('device_exists')
    throw error
  })
  if (!device) {
    const status = await findStatusOfEvent(db, caller.organizerId, input.eventId)
    throw new Failure(status === null ? 'event_not_found' : 'event_closed')
  }
  const text = `${config.http.publicBaseUrl}/door#${code}` // no server logs what follows `#`
  return { device, code, qr: { text, svg: await QRCode.toString(text, { type: 'svg', errorCorrectionLevel: 'M' }) } }
}

/**
 * Exchanges a code for the token of its device, once. Throws `device_code_not_valid`, and `rate_limited` after many wrong
 * codes; with `eventId`, `device_code_of_other_event`, and the code stays good.
 */
export async function claimToken(
  { db, kv, now, credentials }: Context,
  { code, eventId = null, address }: { code: string; eventId?: string | null; address: string },
): Promise<{ token: string; device: Device; event: EventOfDevice }> {
  const token = `md_live_${randomBytes(32).toString('base64url')}`
  const hashes = { codeHash: sha256(readCode(code)), tokenHash: sha256(token) }
  const claimed = await claimDevice(db, { ...hashes, eventId, now: now() })
  if (!claimed) {
    if (eventId !== null && (await isClaimable(db, hashes.codeHash, now())))
      throw new Failure('device_code_of_other_event')
    await limitAttempts(kv, `device:address:${networkOf(address)}`, 30, 60_000)
    throw new Failure('device_code_not_valid')
  }
  credentials.expire()
  const { event, startsAt, endsAt, ...device } = claimed
  return { token, device, event: { ...event, startsAt, endsAt } }
}

/** Ends the token of a device at once. Throws `device_not_found`. */
export async function removeDevice({ db, credentials }: Context, scope: string | null, id: string): Promise<void> {
  if (!(await deleteDevice(db, scope, id))) throw new Failure('device_not_found')
  credentials.expire()
}
