/** API keys: who may make which, and how one takes the place of another. */
import { randomBytes } from 'node:crypto'
import { newId, violatedConstraint, withTx, type Tx } from '../platform/db.ts'
import { Failure, readFields, readInstant } from '../platform/errors.ts'
import { parseName } from '../platform/values/text.ts'
import type { User } from '../http/access.ts'
import type { Scope } from '../http/scopes.ts'
import { sha256, type AuthContext } from './auth.ts'
import { countKeys, deleteKey, insertKey, lockKey, lockKeysOf, replaceKey, type ApiKey } from './keys-sql.ts'

type Context = Pick<AuthContext, 'db' | 'now' | 'credentials'>

/** Keys of one organizer that are neither expired nor replaced. */
const KEYS_MAX = 100
const HOUR_MS = 3_600_000
/** Beside what all keys begin with, four characters are shown. */
const SHOWN = 'mk_live_'.length + 4

/** `key`: to be shown once. */
export type MadeKey = { apiKey: ApiKey; key: string }

/**
 * Makes a key of the caller's organizer, or by a director of any, or of the platform. Throws `organizer_not_found`,
 * `invalid_date`, `too_many_keys`.
 */
export async function createKey(
  { db, now }: Context,
  caller: User,
  input: { name: string; scopes: Scope[]; organizerId?: string; expiresAt?: string },
): Promise<MadeKey> {
  const createdAt = now()
  const organizerId = caller.organizerId ?? input.organizerId ?? null
  if (input.organizerId !== undefined && input.organizerId !== organizerId) throw new Failure('organizer_not_found')
  const { name, expiresAt } = readFields({
    name: () => parseName(input.name),
    expiresAt: () => readExpiry(input.expiresAt, createdAt),
  })
  try {
    return await withTx(db, async (tx) => {
      await lockKeysOf(tx, organizerId)
      if ((await countKeys(tx, organizerId, createdAt)) >= KEYS_MAX)
        throw new Failure('too_many_keys', { detail: `There are ${KEYS_MAX} keys: delete one first.` })
      return addKey(tx, { organizerId, name, scopes: input.scopes, createdBy: caller.id, createdAt, expiresAt })
    })
  } catch (error) {
    if (violatedConstraint(error) === 'api_keys_organizer_id_fkey') throw new Failure('organizer_not_found')
    throw error
  }
}

function readExpiry(text: string | undefined, now: Date): Date | null {
  if (text === undefined) return null
  const at = readInstant(text, 'expiresAt')
  if (at <= now) throw new Failure('invalid_date', { detail: 'expiresAt must be in the future.' })
  return at
}

type NewKey = Pick<ApiKey, 'organizerId' | 'name' | 'scopes' | 'createdBy' | 'createdAt' | 'expiresAt'>

async function addKey(tx: Tx, facts: NewKey): Promise<MadeKey> {
  const key = `mk_live_${randomBytes(32).toString('base64url')}`
  const row = { ...facts, scopes: [...new Set(facts.scopes)], id: newId('key'), prefix: key.slice(0, SHOWN) }
  await insertKey(tx, { ...row, tokenHash: sha256(key) })
  return { apiKey: { ...row, lastUsedAt: null, replacedBy: null }, key }
}

/**
 * Makes the key that takes the place of another, with its name and its scopes, for as long as that one was made for. The old
 * one works until `graceHours` have passed. Throws `key_not_found`, and `key_not_active` when it has expired or has been
 * replaced.
 */
export async function rotateKey(
  { db, now, credentials }: Context,
  caller: User,
  { id, graceHours }: { id: string; graceHours: number },
): Promise<MadeKey> {
  const createdAt = now()
  const made = await withTx(db, async (tx) => {
    const old = await lockKey(tx, caller.organizerId, id)
    if (!old) throw new Failure('key_not_found')
    if (old.replacedBy !== null || (old.expiresAt && old.expiresAt <= createdAt)) throw new Failure('key_not_active')
    const lifeMs = old.expiresAt ? old.expiresAt.getTime() - old.createdAt.getTime() : null
    const expiresAt = lifeMs === null ? null : new Date(createdAt.getTime() + lifeMs)
    const { organizerId, name, scopes } = old
    const next = await addKey(tx, { organizerId, name, scopes, createdBy: caller.id, createdAt, expiresAt })
    const endsAt = new Date(createdAt.getTime() + graceHours * HOUR_MS)
    await replaceKey(tx, id, { replacedBy: next.apiKey.id, expiresAt: endsAt })
    return next
  })
  credentials.expire()
  return made
}

/** Throws `key_not_found`. */
export async function removeKey({ db, credentials }: Context, scope: string | null, id: string): Promise<void> {
  const isDeleted = await deleteKey(db, scope, id)
  if (!isDeleted) throw new Failure('key_not_found')
  credentials.expire()
}
