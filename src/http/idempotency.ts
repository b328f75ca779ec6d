/**
 * `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header): the first response is stored with the hash of its
 * request and replayed for 24 hours. Key, hash and response are one row. A key belongs to its caller, so every POST takes
 * one except those of unknown callers and those that say why not (`config.withoutKey`).
 */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sql, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { Access } from './access.ts'

const KEEP = sql`interval '24 hours'`
/** The key of a request whose process died can be used again after this time. */
const LOCK_SECONDS = 60

type Stored = {
  requestHash: Buffer
  lockedAt: Date | null
  statusCode: number | null
  body: string | null
  isOurs: boolean
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Fields of the answer that are not stored, because they are secrets: null when the answer is replayed. */
    shownOnce?: readonly string[]
  }
  interface FastifyRequest {
    idempotencyKey: string | null
    /** True while this request has locked its key, and must store the response or release the key. */
    ownsKey: boolean
    /** False: the response only says that the outcome is unknown. It is not replayed: a retry looks again. */
    isFinal: boolean
  }
}

export const honoursKey = (
  method: string | string[],
  { access, withoutKey }: { access?: Access; withoutKey?: string },
): boolean => [method].flat().includes('POST') && access !== 'public' && withoutKey === undefined

export function honourIdempotencyKeys(app: FastifyInstance, db: Db, now: () => Date): void {
  app.decorateRequest('idempotencyKey', null)
  app.decorateRequest('ownsKey', false)
  app.decorateRequest('isFinal', true)
  const take = async (request: FastifyRequest, reply: FastifyReply) => {
    const key = request.headers['idempotency-key']
    return key === undefined ? undefined : takeKey(db, key, now(), request, reply)
  }
  const keep = async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    if (request.ownsKey) await keepResponse(db, request, reply, payload)
    return payload
  }
  app.addHook('onRoute', (route) => {
    if (!honoursKey(route.method, route.config ?? {})) return
    route.preHandler = [...[route.preHandler ?? []].flat(), take]
    route.onSend = [...[route.onSend ?? []].flat(), keep]
  })
}

/** Locks the key, or answers for the request that has it. */
async function takeKey(
  db: Db,
  key: string | string[],
  now: Date,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw new Failure('invalid_idempotency_key', {
      detail: 'Idempotency-Key must be 1 to 255 printable ASCII characters.',
    })
  }
  const hash = hashRequest(request)
  const stored = await lockKey(db, request.user.id, key, hash, now)
  request.idempotencyKey = key
  request.ownsKey = stored.isOurs
  if (stored.isOurs) return undefined
  if (!stored.requestHash.equals(hash)) {
    throw new Failure('idempotency_key_reused', { detail: 'This Idempotency-Key was used for another request.' })
  }
  if (stored.statusCode === null) {
    throw new Failure('idempotency_in_progress', {
      detail: 'The first request with this key is still running.',
      retryAfterSeconds: 1,
    })
  }
  const type = stored.statusCode >= 400 ? 'application/problem+json' : 'application/json'
  void reply.header('idempotent-replayed', 'true').header('content-type', `${type}; charset=utf-8`)
  return reply.code(stored.statusCode).send(stored.body)
}

/** Stores a final response under its key, and releases the key of any other. */
async function keepResponse(db: Db, request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
  request.ownsKey = false
  const isFinal = request.isFinal && reply.statusCode < 500 && reply.statusCode !== 429
  if (isFinal && typeof payload === 'string') {
    const body = withoutSecrets(payload, request.routeOptions.config.shownOnce)
    await sql`update idempotency_keys set locked_at = null, status_code = ${reply.statusCode}, body = ${body}
      where caller = ${request.user.id} and key = ${request.idempotencyKey}`.execute(db)
  } else {
    await sql`delete from idempotency_keys where caller = ${request.user.id} and key = ${request.idempotencyKey}
      and status_code is null`.execute(db)
  }
}

function withoutSecrets(payload: string, fields: readonly string[] = []): string {
  if (fields.length === 0) return payload
  const answer = JSON.parse(payload) as Record<string, unknown>
  for (const field of fields) if (field in answer) answer[field] = null
  return JSON.stringify(answer)
}

function hashRequest(request: FastifyRequest): Buffer {
  return createHash('sha256')
    .update(`${request.method} ${request.url}\n${JSON.stringify(request.body ?? {})}`)
    .digest()
}

/**
 * Locks the key for this request when it is new, older than a day, or locked by a request that died. Otherwise returns
 * the stored row. One statement decides between concurrent requests.
 */
async function lockKey(db: Db, caller: string, key: string, hash: Buffer, now: Date): Promise<Stored> {
  const { rows } = await sql<Stored>`
    insert into idempotency_keys as k (caller, key, request_hash, locked_at, created_at)
    values (${caller}, ${key}, ${hash}, ${now}, ${now})
    on conflict (caller, key) do update
      set request_hash = excluded.request_hash, locked_at = excluded.locked_at, status_code = null, body = null,
          created_at = excluded.created_at
      where k.created_at < ${now}::timestamptz - ${KEEP}
         or (k.status_code is null and k.locked_at < ${now}::timestamptz - make_interval(secs => ${LOCK_SECONDS})
             and k.request_hash = excluded.request_hash)
    returning request_hash, locked_at, status_code, body, true as is_ours`.execute(db)
  if (rows[0]) return rows[0]
  const found = await sql<Stored>`select request_hash, locked_at, status_code, body, false as is_ours
    from idempotency_keys where caller = ${caller} and key = ${key}`.execute(db)
  // The other request failed and released the key between the two statements, so the caller can retry.
  if (!found.rows[0]) throw new Failure('idempotency_in_progress', { retryAfterSeconds: 1 })
  return found.rows[0]
}

/** Deletes keys older than three days. They are valid for 24 hours and kept longer for troubleshooting. */
export async function deleteOldKeys(db: Db): Promise<void> {
  await sql`delete from idempotency_keys where created_at < now() - interval '72 hours'`.execute(db)
}

/**
 * Erases the stored answers about a guest. The keys stay used: a retry gets `idempotency_key_reused` and does nothing again.
 * `marks`: texts that no other guest has. `marksOfEvent`: texts that only together with the event's id mean the guest.
 */
export async function eraseAnswers(
  db: Db,
  guest: { marks: string[]; eventId: string; marksOfEvent: string[] },
): Promise<number> {
  const { rows } = await sql`
    update idempotency_keys k
       set request_hash = '', body = null
     where k.body is not null
       and (exists (select from unnest(${guest.marks}::text[]) mark where strpos(k.body, mark) > 0)
            or strpos(k.body, ${guest.eventId}) > 0
           and exists (select from unnest(${guest.marksOfEvent}::text[]) mark where strpos(k.body, mark) > 0))
    returning k.key`.execute(db)
  return rows.length
}
