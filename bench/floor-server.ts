/**
 * The floor of `npm run bench:http`: the thinnest program that does the same durable work. Fastify without plugins, a pool of
 * ten connections, one statement for each request, and `queue.add` where ours enqueues. It reads DATABASE_URL, REDIS_URL and
 * PORT, and prints a line when it listens.
 */
import { createHash } from 'node:crypto'
import { createPostgresBackend, Queue } from 'bullmq'
import Fastify from 'fastify'
import pg from 'pg'
import { postgresConnection } from '../src/platform/queue.ts'

const databaseUrl = process.env['DATABASE_URL']!
const redisUrl = process.env['REDIS_URL']
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
const queue = redisUrl
  ? new Queue('floorQueue', { connection: { url: redisUrl } })
  : new Queue('floorQueue', { connection: postgresConnection(databaseUrl, 2) }, createPostgresBackend)
const opts = { removeOnComplete: true, removeOnFail: true }
const app = Fastify()
app.addContentTypeParser('application/webhook', { parseAs: 'buffer' }, (_, body, done) => done(null, body))

const findOne = async (text: string, values: unknown[]) => {
  const { rows } = await pool.query<Record<string, unknown>>(text, values)
  if (!rows[0]) throw new Error('no row')
  return rows[0]
}

app.get('/empty', async () => ({ status: 'ok' }))

app.post('/ingest', async ({ body }) => {
  const key = createHash('sha256')
    .update(body as Buffer)
    .digest('hex')
  await pool.query('insert into floor_webhooks (key, body) values ($1, $2) on conflict do nothing', [key, body])
  await queue.add('ingest', { key }, opts)
  return { status: 'accepted', key }
})

app.post<{ Body: { code: string } }>('/scan', async ({ body }) => {
  const { places, admitted } = await findOne(
    'update floor_tickets set admitted = admitted + 1 where code = $1 and admitted < places returning places, admitted',
    [body.code],
  )
  return { status: 'valid', places, admitted }
})

app.post<{ Params: { guest: string } }>('/send/:guest', async ({ params: { guest } }, reply) => {
  const { id } = await findOne(
    'insert into floor_sends (id, guest, template) values (gen_random_uuid(), $1, $2) on conflict do nothing returning id',
    [guest, 'event_invitation'],
  )
  await queue.add('send', { id }, opts)
  return reply.code(202).send({ status: 'queued', id })
})

app.get('/session', async ({ headers }) => ({
  user: await findOne('select * from floor_sessions where token = $1', [
    headers.authorization?.slice('Bearer '.length),
  ]),
}))

app.post<{ Body: { amountCents: number; currency: string } }>('/intent', async ({ body }, reply) => {
  const { amountCents, currency } = body
  const text = 'insert into floor_payments (id, cents, currency) values (gen_random_uuid(), $1, $2) returning id'
  return reply.code(201).send({ status: 'requires_payment', ...(await findOne(text, [amountCents, currency])) })
})

app.post<{ Params: { code: string }; Body: { answer: string } }>('/rsvp/:code', async ({ params, body }) =>
  findOne('update floor_tickets set answer = $2 where code = $1 returning code, answer', [params.code, body.answer]),
)

app.get<{ Params: { code: string } }>('/invitation/:code', async ({ params }) =>
  findOne('select * from floor_tickets where code = $1', [params.code]),
)

await queue.waitUntilReady()
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' })
process.stdout.write('listening\n')
