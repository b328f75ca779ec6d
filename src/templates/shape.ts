/**
 * The shape of a template: header, variables of the body, buttons. WhatsApp refuses a message of another shape (132000,
 * 132012, 132018), so we compare ours with the approved one.
 */
import type { Locale } from '../platform/values/languages.ts'
import { WORDS, type Template } from './catalog.ts'

/**
 * WhatsApp's words in lower case. `variables` is their number. A header of fixed text counts as none, because neither
 * takes a parameter. `url` ends with a variable, `url_static` does not.
 */
export type Shape = { header: string; variables: number; isNamed: boolean; buttons: string[] }
export type ShapeDifference = { part: 'header' | 'variables' | 'naming' | 'buttons'; text: Record<Locale, string> }

/** The shape of the messages that compose.ts makes. */
export function shapeOf(template: Template, locale: Locale): Shape {
  return {
    header: template.hasPass ? 'image' : 'none',
    variables: [...WORDS[locale].texts[template.name].body.matchAll(PLACEHOLDER)].length,
    isNamed: false,
    buttons: template.buttons.map((button) => (button === 'link' ? 'url' : 'quick_reply')),
  }
}

/** The shape of an approved template. `components`: as WhatsApp lists them (Meta, Business Management API, templates). */
export function readShape(components: unknown[]): Shape {
  const of = (type: string) => components.find((one) => word(one, 'type') === type)
  const names = new Set([...text(of('body'), 'text').matchAll(PLACEHOLDER)].map(([, name]) => name!))
  const buttons = field(of('buttons'), 'buttons')
  return {
    header: readHeader(of('header')),
    variables: names.size,
    isNamed: [...names].some((name) => !/^\d+$/.test(name)),
    buttons: Array.isArray(buttons) ? buttons.map(readButton) : [],
  }
}

function readHeader(header: unknown): string {
  const format = word(header, 'format')
  if (format === '') return 'none'
  return format === 'text' && !hasVariable(text(header, 'text')) ? 'none' : format
}

function readButton(button: unknown): string {
  const type = word(button, 'type')
  return type === 'url' && !hasVariable(text(button, 'url')) ? 'url_static' : type
}

/** The differences; empty when our messages fit the approved template. */
export function compareShapes(ours: Shape, theirs: Shape): ShapeDifference[] {
  const found: ShapeDifference[] = []
  const say = (part: ShapeDifference['part'], es: string, en: string) => found.push({ part, text: { 'es-MX': es, en } })
  if (ours.header !== theirs.header)
    say(
      'header',
      `El encabezado aprobado es ${nameOf(theirs.header, 'es-MX')}; enviamos ${nameOf(ours.header, 'es-MX')}.`,
      `The approved header is ${nameOf(theirs.header, 'en')}; we send ${nameOf(ours.header, 'en')}.`,
    )
  if (ours.variables !== theirs.variables)
    say(
      'variables',
      `El texto aprobado lleva ${theirs.variables} variables; enviamos ${ours.variables}.`,
      `The approved body takes ${theirs.variables} variables; we send ${ours.variables}.`,
    )
  if (ours.isNamed !== theirs.isNamed)
    say(
      'naming',
      'Las variables aprobadas llevan nombre; las enviamos por su posición ({{1}}, {{2}}…).',
      'The approved variables have names; we send them by position ({{1}}, {{2}}…).',
    )
  // WhatsApp may append buttons such as «stop promotions». They need nothing from us unless they have a variable.
  const [first, added] = [theirs.buttons.slice(0, ours.buttons.length), theirs.buttons.slice(ours.buttons.length)]
  if (ours.buttons.join() !== first.join() || added.includes('url'))
    say(
      'buttons',
      `Los botones aprobados son: ${listOf(theirs.buttons, 'es-MX')}; enviamos: ${listOf(ours.buttons, 'es-MX')}.`,
      `The approved buttons are: ${listOf(theirs.buttons, 'en')}; we send: ${listOf(ours.buttons, 'en')}.`,
    )
  return found
}

const NAMES: Record<string, Record<Locale, string>> = {
  none: { 'es-MX': 'ninguno o fijo', en: 'none or fixed' },
  text: { 'es-MX': 'un texto con variable', en: 'a text with a variable' },
  image: { 'es-MX': 'una imagen', en: 'an image' },
  video: { 'es-MX': 'un video', en: 'a video' },
  document: { 'es-MX': 'un documento', en: 'a document' },
  url: { 'es-MX': 'enlace con variable', en: 'link with a variable' },
  url_static: { 'es-MX': 'enlace fijo', en: 'fixed link' },
  quick_reply: { 'es-MX': 'respuesta rápida', en: 'quick reply' },
  phone_number: { 'es-MX': 'llamada', en: 'call' },
}
/** A kind without a translation keeps WhatsApp's word. */
const nameOf = (kind: string, locale: Locale): string => NAMES[kind]?.[locale] ?? kind
const listOf = (kinds: string[], locale: Locale): string =>
  kinds.length === 0 ? nameOf('none', locale) : kinds.map((kind) => nameOf(kind, locale)).join(', ')

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g
const hasVariable = (value: string): boolean => value.search(PLACEHOLDER) >= 0

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
function text(value: unknown, name: string): string {
  const found = field(value, name)
  return typeof found === 'string' ? found : ''
}
const word = (value: unknown, name: string): string => text(value, name).toLowerCase()
