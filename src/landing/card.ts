/**
 * Draws the card of an event, which messengers show beside the link of an invitation. It has the event's title, day, hours and
 * place, and nothing about a guest. Satori sets the text (it wraps and shortens it), and resvg draws the result as a PNG.
 *
 * Both are loaded with the first card, because few processes draw one.
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Locale } from '../platform/values/languages.ts'
import { formatDay, formatHours } from './dates.ts'
import { WORDS } from './words.ts'

export type CardFacts = {
  title: string
  startsAt: Date
  endsAt: Date
  timeZone: string
  location: string | null
  locale: Locale
}

/** What Open Graph recommends (https://ogp.me); messengers cut other shapes. */
export const CARD_SIZE = { width: 1200, height: 630 }

const COLORS = { ground: '#f3ece2', paper: '#fffdf9', accent: '#8a3b4a', ink: '#2b2622', soft: '#6f655b' }
const LETTERS = '@fontsource/playfair-display/files/playfair-display'
const SUBSETS = ['latin', 'latin-ext', 'cyrillic']
const FAMILY = SUBSETS.join()
const EMOJI = '@expo-google-fonts/noto-emoji/400Regular/NotoEmoji_400Regular.ttf'

export async function drawCard(facts: CardFacts): Promise<Buffer> {
  const [{ default: satori }, { renderAsync }] = await Promise.all([import('satori'), import('@resvg/resvg-js')])
  const svg = await satori(layOut(facts), {
    ...CARD_SIZE,
    fonts: await readLetters(),
    loadAdditionalAsset: async (kind: string) => (kind === 'emoji' ? [await readEmoji()] : []),
  })
  return (await renderAsync(svg)).asPng()
}

/** Satori parses a list of fonts once and knows it by its object. */
let letters: Promise<Awaited<ReturnType<typeof readFont>>[]> | undefined
let emoji: ReturnType<typeof readFont> | undefined
const readLetters = () =>
  (letters ??= Promise.all(SUBSETS.map((name) => readFont(name, `${LETTERS}-${name}-500-normal.woff`))))
const readEmoji = () => (emoji ??= readFont('emoji', EMOJI))
const readFont = async (name: string, file: string) => ({
  name,
  data: await readFile(fileURLToPath(import.meta.resolve(file))),
  weight: 500 as const,
  style: 'normal' as const,
})

type Style = Record<string, string | number>
/** An element as React and Satori write it. Children are texts, never markup. */
const box = (style: Style, children: unknown) => ({ key: null, type: 'div', props: { style, children } })

const COLUMN = { display: 'flex', flexDirection: 'column', alignItems: 'center', justifyContent: 'center' }
const LINE = { display: 'block', width: 980, textAlign: 'center', lineClamp: 1, wordBreak: 'break-word' }

function layOut(facts: CardFacts) {
  const { locale } = facts
  const [title, location] = [drawable(facts.title), drawable(facts.location ?? '')]
  const lines = [
    box({ ...LINE, fontSize: 24, letterSpacing: 5, color: COLORS.accent }, WORDS[locale].eyebrow.toUpperCase()),
    box(
      { ...LINE, fontSize: sizeOf(title), lineHeight: 1.15, lineClamp: 3, margin: '26px 0', color: COLORS.ink },
      title,
    ),
    box(LINE, formatDay(facts, locale)),
    box(LINE, formatHours(facts)),
    ...(location ? [box({ ...LINE, marginTop: 10 }, location)] : []),
  ]
  const paper = { width: 1112, height: 532, background: COLORS.paper, color: COLORS.soft, fontSize: 34 }
  return box({ ...COLUMN, width: '100%', height: '100%', background: COLORS.ground, fontFamily: FAMILY }, [
    box({ width: 1112, height: 10, background: COLORS.accent }, ''),
    box({ ...COLUMN, ...paper }, lines),
  ])
}

/** The text without the letters that no font here has, which would be boxes. The page shows them. */
const drawable = (text: string) =>
  text.replace(/[^\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Common}\p{Script=Inherited}]/gu, '').trim()

/** Long titles are smaller, so that most fit into three lines. */
const sizeOf = ({ length }: string) => (length <= 24 ? 88 : length <= 60 ? 68 : 54)
