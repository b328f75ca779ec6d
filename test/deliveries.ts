/** Helpers for tests of deliveries: request, run, record a status, read the row. */
import assert from 'node:assert/strict'
import { sql, withTx, type Db } from '../src/platform/db.ts'
import { recordStatus } from '../src/delivery/delivery.ts'
import { deliverInvitation, releaseDeliveries, sweepDeliveries } from '../src/delivery/jobs.ts'
import type { TestApp } from './harness.ts'
import type { MadeGuest } from './make.ts'

export const NOON = '2029-06-01T18:00:00.000Z' // in Mexico City

/** Requests a delivery as the organizer through the API and returns its id. */
export async function requested({ post }: TestApp, guest: MadeGuest, body: object = {}): Promise<string> {
  const reply = await post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer', body })
  assert.equal(reply.statusCode, 202)
  return reply.json().deliveryId
}

export const run = (app: TestApp, deliveryId: string) => app.runJob(deliverInvitation, { deliveryId })

/** Runs the two jobs that the clock runs every second. */
export async function sweep(app: TestApp) {
  await app.runJob(sweepDeliveries, {})
  return app.runJob(releaseDeliveries, {})
}

export type Row = {
  id: string
  channel: string
  channelReason: string | null
  messageReason: string | null
  status: string
  reason: string | null
  waitingFor: string | null
  attempts: number
  attemptsMax: number
  nextAttemptAt: Date | null
  enqueuedAt: Date | null
  possibleDuplicate: boolean
}
export const rowOf = async (db: Db, id: string): Promise<Row> =>
  (await sql<Row>`select * from deliveries where id = ${id}`.execute(db)).rows[0]!
export const fallbackOf = async (db: Db, id: string): Promise<Row | undefined> =>
  (await sql<Row>`select * from deliveries where fallback_of = ${id}`.execute(db)).rows[0]

/** A status of the provider at NOON. `code`: WhatsApp's error code of a failure. */
export const aStatus = (
  providerMessageId: string,
  status: string,
  code: number | null = null,
  ourId: string | null = null,
) => ({
  ...{ providerMessageId, status, occurredAt: new Date(NOON), reason: code === null ? null : `whatsapp_${code}` },
  ...{ pricing: null, simulated: false, ourId },
})
export const record = ({ db, deps }: TestApp, event: Parameters<typeof recordStatus>[2]) =>
  withTx(db, (tx) => recordStatus(tx, deps.config, event, deps.now()))

/** Launches a campaign to all guests and returns the ids of its deliveries. */
export async function aCampaign(
  { db, post }: TestApp,
  eventId: string,
): Promise<{ campaignId: string; ids: string[] }> {
  const body = { template: 'event_invitation', channel: 'auto', filter: {} }
  const path = `/events/${eventId}/campaigns`
  const { preflightId } = (await post(path, { as: 'organizer', body: { ...body, dryRun: true } })).json()
  const { campaignId } = (await post(path, { as: 'organizer', body: { ...body, preflightId } })).json()
  const { rows } = await sql<{ id: string }>`
    select id from deliveries where campaign_id = ${campaignId} order by id`.execute(db)
  return { campaignId, ids: rows.map(({ id }) => id) }
}
