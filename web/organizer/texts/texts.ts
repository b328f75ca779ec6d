/** The texts of an invitation's page, and what a guest reads where one is empty. */
import type { Schemas } from '../../api/client.ts'
import { WORDS as PAGE_WORDS } from '../../../src/landing/words.ts'

export type Locale = Schemas['Locale']
export type Texts = Record<Field, string>

export const FIELDS = ['title', 'greeting', 'body', 'dressCode', 'gifts', 'thanks'] as const
export type Field = (typeof FIELDS)[number]

/** The lines of each box; the API keeps line breaks where there are several. */
export const LINES: Record<Field, number> = { title: 1, greeting: 1, body: 6, dressCode: 1, gifts: 3, thanks: 3 }

export const OTHER: Record<Locale, Locale> = { 'es-MX': 'en', en: 'es-MX' }

type Saved = { [field in Field]: string | null }

/** As a form has them. */
export const valuesOf = (saved: Saved): Texts =>
  Object.fromEntries(FIELDS.map((field) => [field, saved[field] ?? ''])) as Texts

/** As the API takes them: an empty one is removed. */
export const bodyOf = (texts: Texts): Saved =>
  Object.fromEntries(FIELDS.map((field) => [field, texts[field].trim() === '' ? null : texts[field]])) as Saved

export const isSame = (a: Saved, b: { [field in Field]?: string | null }): boolean =>
  FIELDS.every((field) => a[field] === (b[field] ?? null))

export const countWritten = (saved: Saved): number => FIELDS.filter((field) => saved[field] !== null).length

/** `from` is where the text comes from; nothing is shown where there is none. */
export type Standin =
  | { from: 'other' | 'event' | 'page'; text: string }
  /** `text` is for those who came. */
  | { from: 'thanks'; text: string; absent: string }
  | { from: 'none'; text: '' }

/** What a guest of this language reads where `field` is empty. The same rule as `chooseTexts` of the API. */
export function standinOf(field: Field, at: { locale: Locale; other: Saved; eventName: string }): Standin {
  const other = at.other[field]
  const words = PAGE_WORDS[at.locale]
  if (other) return { from: 'other', text: other }
  if (field === 'title') return { from: 'event', text: at.eventName }
  if (field === 'greeting') return { from: 'page', text: words.eyebrow }
  if (field === 'thanks') return { from: 'thanks', text: words.thanksForComing, absent: words.over }
  return { from: 'none', text: '' }
}
