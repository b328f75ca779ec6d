/** Where the card of an event is found, and how it is kept. */
import { createHmac } from 'node:crypto'
import { chooseTexts } from '../events/events.ts'
import type { Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { Kv } from '../platform/kv.ts'
import { isSame } from '../platform/secrets.ts'
import { LOCALES } from '../platform/values/languages.ts'
import { drawCard, type CardFacts } from './card.ts'
import { findCardEvent } from './sql.ts'

type Context = { db: Db; kv: Kv; signingKey: Uint8Array }

/** Changes when the same facts are drawn in another way. */
const DESIGN = 1
const KEPT_MS = 7 * 86_400_000

/**
 * The version of a card: it changes with everything that the card shows. It is keyed, so whoever guesses the id of an event
 * cannot compute it, and the address of a card is known only to those who have seen an invitation.
 */
function versionOf(signingKey: Uint8Array, eventId: string, facts: CardFacts): string {
  const { title, startsAt, endsAt, timeZone, location, locale } = facts
  const shown = JSON.stringify(['event card', DESIGN, eventId, title, startsAt, endsAt, timeZone, location, locale])
  return createHmac('sha256', signingKey).update(shown).digest('base64url').slice(0, 22)
}

/** The path of the card that shows these facts. */
export const cardPathOf = (signingKey: Uint8Array, eventId: string, facts: CardFacts): string =>
  `/public/events/${encodeURIComponent(eventId)}/card.png?v=${versionOf(signingKey, eventId, facts)}`

/**
 * Finds what the card of this version shows. Throws `card_not_found`, the same for an unknown event, a draft and a version that
 * is not or no longer right, and `invitation_expired`.
 */
export async function findCard({ db, signingKey }: Context, eventId: string, version: string): Promise<CardFacts> {
  const event = await findCardEvent(db, eventId)
  if (!event || event.status === 'draft') throw new Failure('card_not_found')
  const cards = LOCALES.map((locale): CardFacts => ({
    ...event,
    title: chooseTexts(event.texts, locale).title ?? event.name,
    locale,
  }))
  const card = cards.find((facts) => isSame(version, versionOf(signingKey, eventId, facts)))
  if (!card) throw new Failure('card_not_found')
  if (event.status === 'expired') throw new Failure('invitation_expired')
  return card
}

const drawing = new Map<string, Promise<Buffer>>()

/** Draws a card once for all processes. The store is only a cache: while it is down, the card is drawn again. */
export async function readCard({ kv }: Pick<Context, 'kv'>, eventId: string, version: string, facts: CardFacts) {
  const key = `card:${eventId}:${version}`
  const kept = await kv.get(key).catch(() => null)
  if (kept !== null) return Buffer.from(kept, 'base64')
  const running = drawing.get(key) ?? drawCard(facts).finally(() => drawing.delete(key))
  drawing.set(key, running)
  const png = await running
  await kv.set(key, png.toString('base64'), KEPT_MS).catch(() => {})
  return png
}
