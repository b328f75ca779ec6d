/** What an organizer writes on the page of an invitation, in each language: plain text, shown as it was written. */
import type { Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { LOCALES, type Locale } from '../platform/values/languages.ts'
import { cleanLine, cleanLines } from '../platform/values/text.ts'
import { saveTexts, type EventTexts, type SavedTexts, type TextsByLocale } from './texts-sql.ts'

/** The most characters of each text. Those of several lines keep their lines. */
export const TEXT_LIMITS = { title: 120, greeting: 120, body: 2000, dressCode: 200, gifts: 500, thanks: 500 }
const HAS_LINES = new Set<string>(['body', 'gifts', 'thanks'])

const eachText = (read: (field: keyof EventTexts) => string | null): EventTexts => ({
  title: read('title'),
  greeting: read('greeting'),
  body: read('body'),
  dressCode: read('dressCode'),
  gifts: read('gifts'),
  thanks: read('thanks'),
})

/**
 * Replaces the texts of one language: one that is not given, or in which nothing is visible, is removed. Throws
 * `event_not_found`.
 */
export async function writeTexts(
  { db, now }: { db: Db; now: () => Date },
  whose: { scope: string | null; eventId: string; locale: Locale; by: string },
  given: Partial<EventTexts>,
): Promise<SavedTexts> {
  const texts = eachText((field) => (HAS_LINES.has(field) ? cleanLines : cleanLine)(given[field] ?? '') || null)
  const saved = await saveTexts(db, whose, texts, now())
  if (!saved) throw new Failure('event_not_found')
  return saved
}

/** The texts for a reader of this language. One that is not written in it is taken from the other language. */
export function chooseTexts(written: TextsByLocale | null, locale: Locale): EventTexts {
  const inOrder = [locale, ...LOCALES].map((one) => written?.[one])
  return eachText((field) => inOrder.map((texts) => texts?.[field]).find(Boolean) ?? null)
}
