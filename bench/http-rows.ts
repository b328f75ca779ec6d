/** What `npm run bench:http` compares: for every row the request to ours, the request to the floor, and the proof of the work. */
import type { Load } from './load.ts'
import { codePrefixOf } from './machine.ts'

export const ROWS = ['empty', 'session', 'overview', 'invitation', 'ingest', 'scan', 'send', 'rsvp', 'intent'] as const
export type RowName = (typeof ROWS)[number]
type Request = Pick<Load, 'method' | 'path' | 'headers' | 'body'>
export type Row = {
  ours: Request
  floor: Request
  /** Counts what ours has stored by now; the difference over a run is the number of answers. */
  proof?: string
  /** The least ratio to the floor, by the number of connections. Half of it on the PostgreSQL backend. */
  targets: Record<number, number>
}
export type Tokens = { organizer: string; staff: string; director: string }

const JSON_TYPE = { 'content-type': 'application/json' }
const WEBHOOK_SECRET = 'only-for-the-bench-only-for-the-bench-0000'

/** What ours needs in production, and nothing that changes how fast it is, except the limit of one client's requests. */
export const ENVIRONMENT = {
  APP_ENV: 'production',
  AUTH_MODE: 'required',
  HOST: '127.0.0.1',
  JWT_SECRET: 'only-for-the-bench-only-for-the-bench-0000',
  LOG_FORMAT: 'json',
  PAYMENTS_PROVIDER: 'mock',
  PUBLIC_BASE_URL: 'https://bench.example',
  RATE_LIMIT_PER_MINUTE: '10000000',
  WA_WEBHOOK_SECRET: WEBHOOK_SECRET,
  WA_WEBHOOK_SECRET_HEADER: 'x-webhook-secret',
}

/** A row for one run: `event`, in capitals as codes are, has guests and invitations that no run has used before. */
export function describeRow(name: RowName, event: string, run: string, tokens: Tokens): Row {
  const bearer = (role: keyof Tokens) => ({ authorization: `Bearer ${tokens[role]}` })
  const code = `${codePrefixOf(event)}{n:8}`
  const empty: Request = { method: 'GET', path: '/empty', headers: {} }
  const status = describeStatus(run)
  const scan = { eventId: event, code, scanId: `${run}-{n}`, gate: 'Norte', device: 'lector 1' }
  const message = JSON.stringify({ channel: 'whatsapp', template: 'event_invitation' })
  const answer = JSON.stringify({ answer: 'yes', partySize: 1 })
  const payment = JSON.stringify({ amountCents: 150_000, currency: 'MXN', provider: 'mock' })
  const rows: Record<RowName, Row> = {
    empty: { ours: { method: 'GET', path: '/health', headers: {} }, floor: empty, targets: { 32: 0.7 } },
    session: {
      ours: { method: 'GET', path: '/auth/me', headers: bearer('organizer') },
      floor: { method: 'GET', path: '/session', headers: bearer('organizer') },
      targets: { 32: 0.8 },
    },
    overview: {
      ours: { method: 'GET', path: '/director/overview', headers: bearer('director') },
      floor: empty,
      targets: { 32: 0.5 },
    },
    invitation: {
      ours: { method: 'GET', path: `/public/invite/${code}`, headers: { accept: 'application/json' } },
      floor: { method: 'GET', path: `/invitation/${code}`, headers: { accept: 'application/json' } },
      targets: {},
    },
    ingest: {
      ours: {
        method: 'POST',
        path: '/wa/webhook',
        headers: { ...JSON_TYPE, 'x-webhook-secret': WEBHOOK_SECRET },
        body: status,
      },
      floor: { method: 'POST', path: '/ingest', headers: { 'content-type': 'application/webhook' }, body: status },
      proof: 'select count(*) from inbound_events',
      targets: { 32: 0.9, 128: 1.3 },
    },
    scan: {
      ours: {
        method: 'POST',
        path: '/scan/validate',
        headers: { ...JSON_TYPE, ...bearer('staff') },
        body: JSON.stringify(scan),
      },
      floor: {
        method: 'POST',
        path: '/scan',
        headers: JSON_TYPE,
        body: JSON.stringify({ code }),
      },
      proof: "select count(*) from scans where result = 'valid'",
      targets: { 32: 1.5, 128: 2.5 },
    },
    send: {
      ours: {
        method: 'POST',
        path: `/events/${event}/guests/g{n}/send`,
        headers: { ...JSON_TYPE, ...bearer('organizer') },
        body: message,
      },
      floor: { method: 'POST', path: `/send/${event}-g{n}`, headers: JSON_TYPE, body: message },
      proof: "select count(*) from deliveries where status = 'queued'",
      targets: { 32: 0.8, 128: 1.3 },
    },
    rsvp: {
      ours: { method: 'POST', path: `/public/invite/${code}/rsvp`, headers: JSON_TYPE, body: answer },
      floor: { method: 'POST', path: `/rsvp/${code}`, headers: JSON_TYPE, body: answer },
      proof: "select count(*) from invitations where answer = 'yes'",
      targets: {},
    },
    intent: {
      ours: {
        method: 'POST',
        path: '/payments/intent',
        headers: { ...JSON_TYPE, ...bearer('organizer') },
        body: payment,
      },
      floor: { method: 'POST', path: '/intent', headers: JSON_TYPE, body: payment },
      proof: 'select count(*) from payments',
      targets: {},
    },
  }
  return rows[name]
}

/** A delivery status as WhatsApp sends it, with a message id of its own. */
function describeStatus(run: string): string {
  const status = {
    id: `wamid.${run}.{n}`,
    status: 'delivered',
    timestamp: '1790000000',
    recipient_id: '5215510000010',
    conversation: { id: 'f1a2b3c4d5e6f7', origin: { type: 'utility' } },
    pricing: { billable: true, pricing_model: 'PMP', category: 'utility', type: 'regular' },
  }
  const metadata = { display_phone_number: '5215500000000', phone_number_id: '100000000000001' }
  const value = { messaging_product: 'whatsapp', metadata, statuses: [status] }
  return JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: '1000000001', changes: [{ field: 'messages', value }] }],
  })
}
