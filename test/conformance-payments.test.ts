/**
 * Posts the sample webhooks of Stripe and Conekta, with signatures, to the real endpoint. The samples are outside the
 * project, in PROVIDER_SAMPLES_DIR; without them these tests are skipped.
 */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { newId, sql } from '../src/platform/db.ts'
import { processInbound } from '../src/inbox/inbox.ts'
import { signConekta, startFakeConekta } from './fakes/conekta.ts'
import { signStripe, startFakeStripe } from './fakes/stripe.ts'
import { startApp, type TestApp } from './harness.ts'
import { anOrganizer } from './make.ts'
import { listSamples, type Sample } from './samples.ts'

/** An app whose providers know none of the samples. */
async function startWithFakes(t: TestContext): Promise<TestApp> {
  const [stripe, conekta] = [await startFakeStripe(t), await startFakeConekta(t)]
  return startApp(t, { env: { ...stripe.env, ...conekta.env } })
}
const SIGNED = {
  stripe: (raw: Buffer, at: Date) => ({ 'stripe-signature': signStripe(raw, at) }),
  conekta: (raw: Buffer) => ({ digest: signConekta(raw) }),
}
const FOLDERS = {
  stripe: ['stripe/webhooks', 'stripe/webhooks-captured'],
  conekta: ['conekta/webhooks'],
}
type Paid = { ref: string; amountCents: number; currency: string; mode: 'test' | 'live' }
const dataOf = ({ json }: Sample) => (json['data'] as { object: Record<string, unknown> }).object

const modeOf = ({ json }: Sample) => (json['livemode'] === true ? 'live' : 'test')
const currencyOf = (sample: Sample) => String(dataOf(sample)['currency']).toUpperCase()

/** Reads the paid payment of a sample independently of our readers. */
const PAID: Record<keyof typeof FOLDERS, (sample: Sample) => Paid | null> = {
  stripe: (sample) =>
    sample.json['type'] === 'payment_intent.succeeded'
      ? {
          ref: String(dataOf(sample)['id']),
          amountCents: Number(dataOf(sample)['amount_received']),
          currency: currencyOf(sample),
          mode: modeOf(sample),
        }
      : null,
  conekta: (sample) =>
    sample.json['type'] === 'order.paid'
      ? {
          ref: String(dataOf(sample)['id']),
          amountCents: Number(dataOf(sample)['amount']),
          currency: currencyOf(sample),
          mode: modeOf(sample),
        }
      : null,
}

for (const provider of ['stripe', 'conekta'] as const) {
  const samples = FOLDERS[provider].flatMap(listSamples)
  const skip = samples.length === 0 ? `no samples of ${provider}` : false

  test(
    `every webhook of ${provider} is accepted, stored unchanged, and processed or a dead letter`,
    { skip },
    async (t) => {
      const app = await startWithFakes(t)
      for (const sample of samples) {
        await sql`truncate inbound_events, dead_letters`.execute(app.db) // the samples share their ids
        const raw = Buffer.from(sample.body)
        const headers = { 'content-type': 'application/json', ...SIGNED[provider](raw, app.deps.now()) }

        const reply = await app.post(`/payments/webhook/${provider}`, { payload: sample.body, headers })

        assert.equal(reply.statusCode, 200, `${sample.name}: ${reply.body}`)
        const id: string = reply.json().eventId
        const kept = await sql<{ body: Buffer }>`select body from inbound_events where id = ${id}`.execute(app.db)
        assert.deepEqual(kept.rows[0]!.body, raw, sample.name)
        let status = 'waiting'
        for (let tries = 0; status === 'waiting' && tries < 20; tries++) {
          status = (await processInbound(app.deps, id)).status
          await sql`update inbound_events set next_attempt_at = ${app.deps.now()} where id = ${id} and next_attempt_at is not null`.execute(
            app.db,
          )
        }
        assert.ok(['done', 'ignored', 'dead'].includes(status), `${sample.name}: ${status}`)
        const letters = await sql`select 1 from dead_letters where ref_id = ${id}`.execute(app.db)
        assert.equal(letters.rows.length, status === 'dead' ? 1 : 0, sample.name)
      }
    },
  )

  test(`a payment is confirmed once by a sample of ${provider}`, { skip }, async (t) => {
    const app = await startWithFakes(t)
    const paid = samples.flatMap((sample) => {
      const payment = PAID[provider](sample)
      return payment ? [{ sample, ...payment }] : []
    })
    assert.ok(paid.length > 0)
    for (const { sample, ...payment } of paid) {
      await sql`truncate inbound_events, dead_letters`.execute(app.db)
      await sql`update payments set provider_ref = id`.execute(app.db) // the next sample may have the same
      await aPayment(app, provider, payment)
      const raw = Buffer.from(sample.body)
      const headers = { 'content-type': 'application/json', ...SIGNED[provider](raw, app.deps.now()) }

      const replies = [
        await app.post(`/payments/webhook/${provider}`, { payload: sample.body, headers }),
        await app.post(`/payments/webhook/${provider}`, { payload: sample.body, headers }),
      ]
      for (const reply of replies) await processInbound(app.deps, reply.json().eventId)

      const { rows } = await sql<{ status: string; entries: number }>`
        select status, (select count(*) from ledger_transactions l where l.payment_id = p.id) as entries from payments p
         where provider_ref = ${payment.ref}`.execute(app.db)
      assert.deepEqual(rows, [{ status: 'confirmed', entries: 1 }], sample.name)
    }
  })
}

async function aPayment({ db }: TestApp, provider: string, { ref, amountCents, currency, mode }: Paid): Promise<void> {
  const organizerId = await anOrganizer(db)
  await sql`insert into payments (id, kind, organizer_id, provider, mode, provider_ref, status, amount_cents, currency, created_by,
      request_id, created_at, updated_at)
    values (${newId('pay')}, 'intent', ${organizerId}, ${provider}, ${mode}, ${ref}, 'requires_payment', ${amountCents}, ${currency},
      'usr_x', 'req_x', now(), now())`.execute(db)
}
