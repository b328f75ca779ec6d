/**
 * The layout of every e-mail. `npm run docs` compiles layout.mjml into layout-html.ts, so the MJML compiler is not part of
 * the running program.
 */
import type { Locale } from '../platform/values/languages.ts'
import { escapeHtml } from '../http/html.ts'
import { LAYOUT } from './layout-html.ts'

/** The content of an e-mail as plain texts; renderHtml escapes them. */
export type Letter = {
  locale: Locale
  title: string
  /** The preview that a mailbox shows beside the subject. */
  preheader: string
  paragraphs: string[]
  facts: [label: string, text: string][]
  image: { url: string; alt: string } | null
  button: { label: string; url: string } | null
  /** Why the reader gets this mail. */
  why: string
  /** Null: nobody can stop this kind of mail, because they ask for each. */
  unsubscribe: { label: string; url: string } | null
}

export function renderHtml(letter: Letter): string {
  const { facts, image, button, unsubscribe } = letter
  const texts: Record<string, string> = {
    lang: letter.locale,
    title: escapeHtml(letter.title),
    preheader: escapeHtml(letter.preheader),
    paragraphs: letter.paragraphs.map(renderParagraph).join(''),
    facts: facts.map(renderFact).join(''),
    imageUrl: escapeHtml(image?.url ?? ''),
    imageAlt: escapeHtml(image?.alt ?? ''),
    buttonUrl: escapeHtml(button?.url ?? ''),
    buttonLabel: escapeHtml(button?.label ?? ''),
    why: escapeHtml(letter.why),
    unsubscribeUrl: escapeHtml(unsubscribe?.url ?? ''),
    unsubscribeLabel: escapeHtml(unsubscribe?.label ?? ''),
  }
  const kept = {
    ...{ facts: facts.length > 0, image: image !== null, button: button !== null },
    unsubscribe: unsubscribe !== null,
  }
  let html = LAYOUT
  for (const [block, isKept] of Object.entries(kept)) html = keepBlock(html, block, isKept)
  return html.replace(/\{\{(\w+)\}\}/g, (_, name: string) => texts[name]!)
}

const renderParagraph = (text: string) =>
  `<p style="margin:0 0 16px;">${escapeHtml(text).replaceAll(/\r?\n/g, '<br>')}</p>`
const renderFact = ([label, text]: [string, string]) =>
  `<tr><td class="soft" style="padding:4px 16px 4px 0;color:#6f655b;white-space:nowrap;">${escapeHtml(label)}</td><td style="padding:4px 0;width:100%;">${escapeHtml(text)}</td></tr>`

/** The layout encloses an optional block in `<!--[name]-->…<!--[/name]-->`. */
function keepBlock(html: string, name: string, isKept: boolean): string {
  const [from, to] = [`<!--[${name}]-->`, `<!--[/${name}]-->`]
  const [start, end] = [html.indexOf(from), html.indexOf(to)]
  const inside = isKept ? html.slice(start + from.length, end) : ''
  return html.slice(0, start) + inside + html.slice(end + to.length)
}

/** The same content as plain text. */
export function renderText({ title, paragraphs, facts, image, button, why, unsubscribe }: Letter): string {
  const blocks = [
    title,
    ...paragraphs,
    facts.map(([label, text]) => `${label}: ${text}`).join('\n'),
    image ? `${image.alt}: ${image.url}` : '',
    button ? `${button.label}: ${button.url}` : '',
    `--\n${why}${unsubscribe ? `\n${unsubscribe.label}: ${unsubscribe.url}` : ''}`,
  ]
  return `${blocks.filter(Boolean).join('\n\n')}\n`
}
