/**
 * The table of kinds, end to end: an example of every row goes to the webhook, the job processes it, and what it did is compared
 * with the row. docs/whatsapp-messages.md is the same table.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { deliverInvitation } from '../delivery/jobs.ts'
import { processWaEvent } from '../inbox/jobs.ts'
import { newId, sql } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anInvitation, type MadeGuest } from '../../test/make.ts'
import { KINDS, type Kind } from './kinds.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const OWN = '5215550000000'
const at = (minutes: number) => String(Date.parse(NOW) / 1000 + minutes * 60)

type Json = Record<string, unknown>
/** What an example needs: the guest's number as WhatsApp writes it, the id of our message to them, and words to put in. */
type Place = { waId: string; sent: string; words: string; db: TestApp['db'] }
type Example = { field: string; value: Json } | { type: string; [more: string]: unknown }

/** At least one example for every row. `words` go wherever the kind has words. */
const EXAMPLES: Record<string, ((place: Place) => Example)[]> = {
  text: [({ words }) => ({ type: 'text', text: { body: words } })],
  button: [
    ({ words }) => ({ type: 'button', button: { text: words, payload: words } }),
    ({ words }) => ({
      type: 'interactive',
      interactive: { type: 'button_reply', button_reply: { id: words, title: words } },
    }),
    ({ words }) => ({
      type: 'interactive',
      interactive: { type: 'list_reply', list_reply: { id: words, title: words } },
    }),
  ],
  promotions_button: [
    'Detener promociones',
    'DETENER PROMOCIONES',
    'Stop promotions',
    'Parar promoções',
    '𝗗𝗲𝘁𝗲𝗻𝗲𝗿 𝗽𝗿𝗼𝗺𝗼𝗰𝗶𝗼𝗻𝗲𝘀',
  ].flatMap((label) => [
    () => ({ type: 'button', button: { text: label, payload: label } }),
    ({ sent }: Place) => ({ type: 'button', button: { text: label, payload: 'STOP' }, context: { id: sent } }),
    () => ({ type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: 'x', title: label } } }),
    () => ({ type: 'text', text: { body: ` ${label}. ` } }),
  ]),
  form: [
    ({ words }) => ({
      type: 'interactive',
      interactive: { type: 'nfm_reply', nfm_reply: { name: 'flow', body: words, response_json: '{"a":1}' } },
    }),
    () => ({
      type: 'interactive',
      interactive: { type: 'call_permission_reply', call_permission_reply: { response: 'accept' } },
    }),
  ],
  media: ['image', 'video', 'document'].map((type) => ({ words }: Place) => ({
    type,
    [type]: { id: '1', mime_type: 'x/y', sha256: 'x', caption: words },
  })),
  recording: ['audio', 'voice', 'sticker'].map((type) => () => ({ type, [type]: { id: '1', mime_type: 'x/y' } })),
  place_or_contact: [
    ({ words }) => ({
      type: 'location',
      location: { latitude: 19.4, longitude: -99.1, name: words, address: 'Calle 1' },
    }),
    ({ words }) => ({ type: 'contacts', contacts: [{ name: { formatted_name: words }, phones: [{ phone: '55' }] }] }),
    ({ words }) => ({ type: 'order', order: { catalog_id: '1', text: words, product_items: [] } }),
  ],
  forwarded: [
    ({ words }) => ({ type: 'text', text: { body: words }, context: { forwarded: true } }),
    ({ words }) => ({ type: 'text', text: { body: words }, context: { frequently_forwarded: true } }),
    ({ words }) => ({ type: 'image', image: { id: '1', caption: words }, context: { forwarded: true, from: OWN } }),
  ],
  reaction: [({ sent }) => ({ type: 'reaction', reaction: { message_id: sent, emoji: '❤️' } })],
  edit: [
    ({ words }) => ({
      type: 'edit',
      edit: { original_message_id: 'wamid.unseen', message: { type: 'text', text: { body: words } } },
    }),
    ({ words }) => ({
      type: 'edit',
      edit: { original_message_id: 'wamid.unseen', message: { type: 'image', image: { id: '1', caption: words } } },
    }),
  ],
  revoke: [() => ({ type: 'revoke', revoke: { original_message_id: 'wamid.unseen' } })],
  system: [
    () => ({ type: 'system', system: { type: 'customer_identity_changed', body: 'x' } }),
    () => ({ type: 'system', system: { type: 'user_changed_user_id', user_id: newId('MX'), body: 'x' } }),
  ],
  call: ['connect', 'terminate'].map((event) => ({ waId }: Place) => ({
    field: 'calls',
    value: {
      calls: [{ id: newId('wacid'), from: waId, to: OWN, event, direction: 'USER_INITIATED', timestamp: at(0) }],
    },
  })),
  unsupported: [
    ({ words }) => ({
      type: 'unsupported',
      errors: [{ code: 131051 }],
      unsupported: { type: 'poll_creation' },
      text: { body: words },
    }),
    ...['ephemeral', 'request_welcome', 'unknown', 'poll', 'toString', '__proto__'].map((type) => () => ({ type })),
  ],
  group: [({ words }) => ({ type: 'text', text: { body: words }, group_id: 'group' })],
  echo: [
    ...['text', 'image'].map((type) => ({ waId, words }: Place) => ({
      field: 'smb_message_echoes',
      value: {
        contacts: [{ wa_id: waId }],
        message_echoes: [
          { from: OWN, to: waId, id: newId('wamid'), timestamp: at(0), type, [type]: { body: words, caption: words } },
        ],
      },
    })),
    ({ waId, words }) => ({
      field: 'messages',
      value: {
        messages: [{ from: OWN, to: waId, id: newId('wamid'), timestamp: at(0), type: 'text', text: { body: words } }],
      },
    }),
  ],
  history: [
    ({ waId, words }) => ({
      field: 'history',
      value: {
        history: [
          {
            metadata: { phase: 0, chunk_order: 1, progress: 10 },
            threads: [
              {
                id: waId,
                messages: [
                  ...[{ from: waId, id: newId('wamid'), timestamp: at(-60), type: 'text', text: { body: words } }],
                  ...[
                    {
                      from: OWN,
                      to: waId,
                      id: newId('wamid'),
                      timestamp: at(-59),
                      type: 'text',
                      text: { body: words },
                    },
                  ],
                ],
              },
            ],
          },
        ],
      },
    }),
    ({ waId, words }) => ({
      field: 'history',
      value: {
        messages: [
          { from: waId, id: newId('wamid'), timestamp: at(-5), type: 'image', image: { id: '1', caption: words } },
        ],
      },
    }),
  ],
  status: ['sent', 'delivered', 'read', 'played', 'deleted', 'warning'].map((status) => ({ waId, sent }: Place) => ({
    field: 'messages',
    value: { statuses: [{ id: sent, status, timestamp: at(0), recipient_id: waId }] },
  })),
  preference: [
    ({ waId }) => ({
      field: 'user_preferences',
      value: {
        user_preferences: [{ wa_id: waId, category: 'marketing_messages', value: 'stop', timestamp: Number(at(0)) }],
      },
    }),
  ],
  user_id_update: [
    ({ waId }) => ({
      field: 'user_id_update',
      value: {
        user_id_update: [
          { wa_id: waId, detail: 'x', user_id: { previous: newId('MX'), current: newId('MX') }, timestamp: at(0) },
        ],
      },
    }),
  ],
  app_state: [
    ({ waId, words }) => ({
      field: 'smb_app_state_sync',
      value: { state_sync: [{ type: 'contact', action: 'add', contact: { full_name: words, phone_number: waId } }] },
    }),
  ],
  template_status: [
    () => ({
      field: 'message_template_status_update',
      value: { event: 'APPROVED', message_template_name: newId('t'), message_template_language: 'es_MX' },
    }),
  ],
  limit: [() => ({ field: 'phone_number_quality_update', value: { event: 'ONBOARDING', current_limit: 'TIER_NONE' } })],
  other: ['account_update', 'group_participants_update', 'flows', 'security', 'phone_number_name_update'].map(
    (field) => () => ({
      field,
      value: { event: newId('x'), groups: [] },
    }),
  ),
}

const metadata = { display_phone_number: '+52 1 55 5000 0000', phone_number_id: '1' }

async function receive(app: TestApp, place: Place, example: Example): Promise<string> {
  const { field, value } =
    'field' in example
      ? (example as { field: string; value: Json })
      : {
          field: 'messages',
          value: {
            contacts: [{ profile: { name: '\u200bAna\u2060' }, wa_id: place.waId }],
            messages: [{ from: place.waId, id: newId('wamid'), timestamp: at(0), ...example }],
          },
        }
  const change = { field, value: { messaging_product: 'whatsapp', metadata, ...value } }
  const body = { object: 'whatsapp_business_account', entry: [{ id: '1', time: Number(at(0)), changes: [change] }] }
  const reply = await app.post('/wa/webhook', { body })
  assert.equal(reply.statusCode, 200)
  await app.runJob(processWaEvent, { inboundEventId: reply.json().eventId })
  const { rows } = await sql<{ status: string }>`
    select status from inbound_events where id = ${reply.json().eventId}`.execute(app.db)
  return rows[0]!.status
}

type Message = { direction: string; origin: string; type: string; text: string | null }
type Measured = { window: string; answer: string; optOut: string; thread: string; isDead: boolean }

/** A guest with an invitation that was sent gets the example; returns what it did. */
async function measure(app: TestApp, example: (place: Place) => Example, words: string): Promise<Measured> {
  const guest = await anInvitation(app.db)
  const path = `/events/${guest.eventId}/guests/${guest.guestId}`
  const { deliveryId } = (await app.post(`${path}/send`, { as: 'organizer' })).json()
  await app.runJob(deliverInvitation, { deliveryId })
  const delivery = async () => (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json()
  const place = {
    waId: guest.phone!.replace('+52', '521'),
    sent: (await delivery()).providerMessageId,
    words,
    db: app.db,
  }
  const status = await receive(app, place, example(place))
  const conversation = await app.get(`/events/${guest.eventId}/conversations/${guest.guestId}`, { as: 'organizer' })
  const { data } = conversation.json<{ data: (Message & { template: string | null })[] }>()
  const messages = data.filter(({ template }) => template === null) // without what we sent
  return {
    window: (await app.get(`/wa/session/${guest.phone}`, { as: 'director' })).json().status === 'open' ? 'opens' : '-',
    answer: await answerOf(app, guest),
    optOut: await optOutOf(app, guest),
    thread: threadOf(messages, (await delivery()).reactions),
    isDead: status === 'dead',
  }
}

async function answerOf({ db }: TestApp, { invitationId, eventId }: MadeGuest): Promise<string> {
  const { rows } = await sql<{ answer: string; isAsked: boolean }>`
    select answer, exists (
      select 1 from deliveries where event_id = ${eventId} and template = 'rsvp_question') as is_asked
      from invitations where id = ${invitationId}`.execute(db)
  return rows[0]!.answer !== 'pending' ? 'read' : rows[0]!.isAsked ? 'asks' : '-'
}

async function optOutOf({ db }: TestApp, { phone }: MadeGuest): Promise<string> {
  const { rows } = await sql<{ isOut: boolean; isStopped: boolean }>`
    select exists (select 1 from opt_outs where phone = ${phone}) as is_out,
           exists (select 1 from wa_marketing_stops where phone = ${phone} and stopped_at is not null) as is_stopped`.execute(
    db,
  )
  return rows[0]!.isOut ? 'read' : rows[0]!.isStopped ? 'promotions' : '-'
}

function threadOf(messages: Message[], reactions: unknown[]): string {
  if (reactions.length > 0) return 'reaction'
  if (messages.length === 0) return '-'
  if (messages.some(({ origin }) => origin === 'history')) return 'past'
  if (messages.some(({ direction }) => direction === 'out')) return 'us'
  return messages.some(({ text }) => text !== null) ? 'guest' : 'notice'
}

/** An edit and a withdrawal show nothing by themselves; they change an earlier message. */
const shownAlone = ({ thread }: Kind): string => (thread === 'replaces' || thread === 'withdraws' ? '-' : thread)

test('every row of the table has an example, and no other', () => {
  assert.deepEqual(Object.keys(EXAMPLES).toSorted(), KINDS.map(({ name }) => name).toSorted())
})

for (const kind of KINDS as readonly Kind[]) {
  for (const [n, example] of (EXAMPLES[kind.name] ?? []).entries()) {
    test(`${kind.name} ${n}: does what its row says`, async (t) => {
      const app = await startApp(t, { now: NOW })

      const confirming = await measure(app, example, 'confirmo')
      const stopping = await measure(app, example, 'BAJA')

      assert.deepEqual([confirming.window, stopping.window], [kind.window, kind.window])
      assert.deepEqual([confirming.answer, stopping.answer], [kind.answer, kind.answer === 'asks' ? 'asks' : '-'])
      const confirmingOut = kind.optOut === 'promotions' ? 'promotions' : '-'
      assert.deepEqual([confirming.optOut, stopping.optOut], [confirmingOut, kind.optOut])
      assert.deepEqual([confirming.thread, stopping.thread], [shownAlone(kind), shownAlone(kind)])
      assert.deepEqual([confirming.isDead, stopping.isDead], [false, false])
    })
  }
}
