/**
 * The keys that sign passes. A private key is derived from JWT_SECRET and the salt of its row, so no private key is stored; the
 * public keys are rows, so passes stay valid when the secret changes. Keys are kept in the process: verifying a pass costs no
 * statement.
 */
import { createPrivateKey, createPublicKey, hkdfSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import type { Db } from '../platform/db.ts'
import { insertKey, listKeys, type KeyRow } from './keyring-sql.ts'
import { importPublicKey, type PublicKey } from './signed-pass.ts'

/** After that a new key of another process signs here, too. */
const FRESH_MS = 60_000
/** Until then devices have read a new key, with their next manifest. */
const PUBLISHING_MS = 3_600_000
/** How often an unknown key may make us look again. */
const LOOK_MS = 1000

export type Signer = { kid: number; sign(body: string): Uint8Array }
export type Keyring = {
  /** The public key of a pass; null when there is none. */
  find(kid: number): Promise<PublicKey | null>
  /** Signs with the newest key of our secret that is published, and makes the first one. */
  signer(): Promise<Signer>
  /** Makes a new key, which signs after an hour. The old ones still verify. */
  rotate(by: string): Promise<KeyRow>
  /** The public keys, newest first, as rows. */
  list(): Promise<KeyRow[]>
}

type Known = { rows: KeyRow[]; keys: Map<number, PublicKey>; signer?: Signer; readMs: number }

export function openKeyring({ db, now }: { db: Db; now: () => Date }, secret: Uint8Array): Keyring {
  let known: Known | undefined
  let reading: Promise<Known> | undefined
  let changes = 0

  async function read(): Promise<Known> {
    const readMs = performance.now()
    const changesBefore = changes
    const rows = await listKeys(db)
    if (changes !== changesBefore) return read() // a key was made meanwhile
    const keys = rows.map(
      async ({ kid, publicKey }) => [kid, await importPublicKey(Uint8Array.from(publicKey))] as const,
    )
    return (known = { rows, keys: new Map(await Promise.all(keys)), readMs })
  }

  async function look(maxAgeMs: number): Promise<Known> {
    if (known && performance.now() - known.readMs < maxAgeMs) return known
    return (reading ??= read().finally(() => (reading = undefined)))
  }

  async function rotate(createdBy: string): Promise<KeyRow> {
    const salt = randomBytes(16)
    const row = await insertKey(db, { salt, publicKey: publicOf(derive(secret, salt)), createdBy, createdAt: now() })
    changes++
    known = undefined
    return row
  }

  /** A new key signs once devices and other processes had the time to read it; the first one at once. */
  function chooseSigner(rows: KeyRow[]): KeyRow | undefined {
    const ours = rows.filter(isOurs)
    const publishedBy = now().getTime() - PUBLISHING_MS
    return ours.find(({ createdAt }) => createdAt.getTime() <= publishedBy) ?? ours.at(-1)
  }

  const isOurs = ({ salt, publicKey }: KeyRow) => publicOf(derive(secret, salt)).equals(publicKey)

  function signerOf({ kid, salt }: KeyRow): Signer {
    const privateKey = derive(secret, salt)
    return { kid, sign: (body) => sign(null, Buffer.from(body), privateKey) }
  }

  return {
    async find(kid) {
      const key = known?.keys.get(kid) ?? (await look(LOOK_MS)).keys.get(kid)
      return key ?? null
    },
    async signer() {
      const found = await look(FRESH_MS)
      return (found.signer ??= signerOf(chooseSigner(found.rows) ?? (await rotate('first_pass'))))
    },
    rotate,
    list: async () => (await look(FRESH_MS)).rows,
  }
}

/** What comes before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

function derive(secret: Uint8Array, salt: Uint8Array): KeyObject {
  const seed = Buffer.from(hkdfSync('sha256', secret, salt, 'monotickets door pass', 32))
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
}

/** The last 32 bytes of the SPKI form are the key itself. */
const publicOf = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
