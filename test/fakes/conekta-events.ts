/** The events of the fake Conekta: their envelope and their signature. */
import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto'

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
export const CONEKTA_PUBLIC_KEY = keys.publicKey

/** Makes a `Digest` header: RSASSA-PKCS1-v1_5 with SHA-256 over the raw body, in base64. */
export const signConekta = (raw: string | Buffer): string =>
  createSign('RSA-SHA256').update(raw).sign(keys.privateKey, 'base64')

/** Charges and events have ids of 24 hexadecimal digits. */
export const makeHexId = (): string => randomBytes(12).toString('hex')

/** The vendor's envelope. */
export const eventOf = (type: string, object: object, more: Record<string, unknown>) => ({
  id: makeHexId(),
  object: 'event',
  type,
  livemode: false,
  created_at: 1_800_000_000,
  webhook_status: 'pending',
  webhook_logs: [],
  data: { object, previous_attributes: {} },
  ...more,
})

/** Makes an event of an order. */
export function conektaEvent(
  type: string,
  order: Record<string, unknown>,
  id = makeHexId(),
  envelope: Record<string, unknown> = {},
) {
  const object = { object: 'order', currency: 'MXN', metadata: {}, ...order }
  return JSON.stringify(eventOf(type, object, { id, ...envelope }))
}
