/** Helpers for tests of conversations: what guests write comes through the webhook. */
import assert from 'node:assert/strict'
import { processInbound } from '../src/inbox/inbox.ts'
import { newId } from '../src/platform/db.ts'
import type { TestApp } from './harness.ts'

type Json = Record<string, unknown>
export type Written = Json & { id: string }

/** A message from a phone at an instant; `more` says its type, or it is a text. */
export const aMessage = (phone: string | null, at: string, text: string, more: Json = {}): Written => ({
  id: `wamid.${newId('x')}`,
  from: String(phone).replace('+52', '521'),
  timestamp: String(Date.parse(at) / 1000),
  type: 'text',
  text: { body: text },
  ...more,
})

/** The webhook is stored, and not read yet. Returns its id. */
export async function store(app: TestApp, ...messages: Json[]): Promise<string> {
  const value = { messaging_product: 'whatsapp', messages }
  const body = { object: 'whatsapp_business_account', entry: [{ id: '1', changes: [{ field: 'messages', value }] }] }
  const reply = await app.post('/wa/webhook', { body })
  assert.equal(reply.statusCode, 200)
  return reply.json<{ eventId: string }>().eventId
}

export async function hear(app: TestApp, ...messages: Json[]): Promise<void> {
  await processInbound(app.deps, await store(app, ...messages))
}
