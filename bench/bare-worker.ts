/**
 * The floor: a bare BullMQ worker that claims a delivery, calls the provider and settles, one commit each, and does nothing
 * else. BullMQ, pg and fetch are used as their documentation shows.
 */
import { randomUUID } from 'node:crypto'
import { createPostgresBackend, Queue, Worker } from 'bullmq'
import pg from 'pg'
import { postgresConnection } from '../src/platform/queue.ts'
import { callProvider } from '../src/channels/http-call.ts'
import { bodyOf, HEADERS, type Provider } from './provider.ts'

export type Backend = 'redis' | 'postgres'
export type Place = { backend: Backend; databaseUrl: string; redisUrl: string | undefined }
/** Sends the message of a delivery and returns the provider's id of it. */
export type Send = (deliveryId: string) => Promise<string>
export type Opponent = { name: string; texts: Texts; isPrepared: boolean; send: Send }

const CLAIM = `update deliveries set status = 'sending', attempts = attempts + 1, lease_token = $2, lease_until = $4,
    first_attempt_at = coalesce(first_attempt_at, $3), updated_at = $3
  where id = $1 and status = 'queued' and next_attempt_at <= $3`
const SETTLE = `update deliveries set status = 'sent', next_attempt_at = null, sent_at = $3, provider_message_id = $4,
    simulated = true, session_message = false, message_reason = 'window_closed', sent_to = '+525510000000',
    lease_token = null, lease_until = null, updated_at = $3
  where id = $1 and lease_token = $2 and status = 'sending'`
type Texts = { claim: string; settle: string }
const ROW_ALONE: Texts = { claim: CLAIM, settle: SETTLE }
const WITH_ATTEMPT: Texts = {
  claim: `with claimed as (${CLAIM} returning id, attempts)
    insert into delivery_attempts (delivery_id, n, started_at) select id, attempts, $3 from claimed`,
  settle: `with settled as (${SETTLE} returning id, attempts)
    update delivery_attempts a set finished_at = $3, outcome = 'sent', http_status = 200, provider_message_id = $4
      from settled where a.delivery_id = settled.id and a.n = settled.attempts`,
}

/** The floor first, then the harder ones. */
export function listOpponents(provider: Provider | null): Opponent[] {
  const send = provider ? sendByFetch(provider) : (id: string) => Promise.resolve(`wamid.${id}`)
  return [
    { name: 'floor', texts: WITH_ATTEMPT, isPrepared: false, send },
    { name: 'row alone', texts: ROW_ALONE, isPrepared: false, send },
    { name: 'prepared', texts: WITH_ATTEMPT, isPrepared: true, send },
    ...(provider
      ? [{ name: 'prepared, our client', texts: WITH_ATTEMPT, isPrepared: true, send: sendByOurs(provider) }]
      : []),
  ]
}

type MessagesAnswer = { messages: [{ id: string }] }

const sendByFetch =
  ({ url }: Provider): Send =>
  async (deliveryId) => {
    const response = await fetch(`${url}/messages`, { method: 'POST', headers: HEADERS, body: bodyOf(deliveryId) })
    if (!response.ok) throw new Error(`the provider answered ${response.status}`)
    return ((await response.json()) as MessagesAnswer).messages[0].id
  }

const sendByOurs = ({ url }: Provider): Send => {
  const call = {
    method: 'POST' as const,
    url: `${url}/messages`,
    headers: HEADERS,
    timeoutMs: 15_000,
    maxBytes: 65_536,
  }
  return async (deliveryId) => {
    const result = await callProvider({ ...call, body: bodyOf(deliveryId) })
    if (result.kind !== 'answered' || result.httpStatus !== 200)
      throw new Error(`the call is ${JSON.stringify(result)}`)
    return (result.json as MessagesAnswer).messages[0].id
  }
}

/** Deliveries per second. */
export async function measureBare(
  { backend, databaseUrl, redisUrl }: Place,
  { name: opponent, texts, isPrepared, send }: Opponent,
  ids: string[],
  concurrency: number,
): Promise<number> {
  const name = `${opponent.replace(/\W/g, '_')}_${randomUUID()}`
  const lease = randomUUID()
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
  const opts = { removeOnComplete: true, removeOnFail: true }
  const items = ids.map((id) => ({ name, data: { id }, opts }))
  const queue =
    backend === 'redis'
      ? new Queue(name, { connection: { url: redisUrl! } })
      : new Queue(name, { connection: postgresConnection(databaseUrl, 2) }, createPostgresBackend)
  for (let from = 0; from < ids.length; from += 1000) await queue.addBulk(items.slice(from, from + 1000))

  let done = 0
  let finish: () => void
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const commit = async (step: keyof Texts, values: unknown[]) => {
    const text = texts[step]
    const { rowCount } = await (isPrepared ? pool.query({ name: step, text, values }) : pool.query(text, values))
    if (rowCount !== 1) throw new Error(`${step} changed ${rowCount} rows`)
  }
  const process = async ({ data: { id } }: { data: { id: string } }) => {
    const now = new Date()
    await commit('claim', [id, lease, now, new Date(now.getTime() + 60_000)])
    const messageId = await send(id)
    await commit('settle', [id, lease, new Date(), messageId])
    if (++done === ids.length) finish()
  }
  const options = { concurrency, lockDuration: 60_000 }
  const startedMs = performance.now()
  const worker =
    backend === 'redis'
      ? new Worker(name, process, { ...options, connection: { url: redisUrl!, maxRetriesPerRequest: null } })
      : new Worker(
          name,
          process,
          { ...options, connection: { connectionString: databaseUrl, max: 8 } },
          createPostgresBackend,
        )
  worker.on('error', () => {})
  worker.on('failed', (_, error) => {
    throw error
  })
  await finished
  const seconds = (performance.now() - startedMs) / 1000
  await worker.close()
  await queue.close()
  await pool.end()
  return ids.length / seconds
}
