/**
 * Caches invitations for a minute, so that a link preview and the guest's own visit cost one query. Losing the
 * cache costs only that query.
 *
 * Keys are hashes of codes and values are encrypted with the code itself, so reading the store reveals neither
 * names nor codes that admit somebody at the door.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import type { Kv } from '../platform/kv.ts'
import type { Invitation } from './sql.ts'

const KEEP_MS = 60_000
const digest = (use: string, code: string) => createHash('sha256').update(`${use}\n${code}`).digest()
const keyOf = (code: string) => `landing:invite:${digest('key', code).toString('hex')}`

export async function findCached(kv: Kv, code: string): Promise<Invitation | null> {
  try {
    const sealed = await kv.get(keyOf(code))
    if (sealed === null) return null
    const found = JSON.parse(unseal(sealed, code)) as Invitation
    return { ...found, startsAt: new Date(found.startsAt), endsAt: new Date(found.endsAt) }
  } catch {
    return null
  }
}

export async function keepCached(kv: Kv, invitation: Invitation): Promise<void> {
  const sealed = seal(JSON.stringify(invitation), invitation.code)
  await kv.set(keyOf(invitation.code), sealed, KEEP_MS).catch(() => undefined)
}

/**
 * Removes an invitation from the cache; call it after the change has committed. It overwrites the entry with an
 * empty value that expires at once, because deleteByPrefix would scan the whole store for one key.
 */
export async function forgetInvitation(kv: Kv, code: string): Promise<void> {
  await kv.set(keyOf(code), '', 1).catch(() => undefined)
}

/** AES-256-GCM. Returns base64 of the 12-byte iv, the 16-byte tag and the ciphertext. */
function seal(text: string, code: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', digest('seal', code), iv)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64')
}

function unseal(sealed: string, code: string): string {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', digest('seal', code), bytes.subarray(0, 12), { authTagLength: 16 })
  decipher.setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
}
