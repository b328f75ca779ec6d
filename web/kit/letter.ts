/**
 * Copies an e-mail's HTML into a page, element by element and by a list of what is allowed, so that nothing in it can run, open
 * or load from elsewhere. The policy of the pages allows no style in HTML, not even in a document of DOMParser: a parser that
 * builds nothing reads it, and a script sets the styles.
 */
import { Parser } from 'htmlparser2'

/** What an e-mail may be made of. Of any other element the page shows what is in it, except of those of DROPPED. */
const ELEMENTS = new Set([
  ...['body', 'center', 'div', 'p', 'span', 'h1', 'h2', 'h3', 'a', 'b', 'strong', 'em', 'i', 'u', 'small', 'br', 'hr'],
  ...['ul', 'ol', 'li', 'table', 'thead', 'tbody', 'tr', 'td', 'th', 'img'],
])
/** With all that is in them. */
const DROPPED = new Set([
  ...['script', 'style', 'title', 'noscript', 'template', 'iframe', 'object', 'embed', 'svg', 'math'],
  ...['form', 'button', 'select', 'textarea', 'audio', 'video'],
])
/** A link has no address: it opens nothing. */
const ATTRIBUTES = new Set([
  ...['class', 'lang', 'dir', 'align', 'valign', 'width', 'height', 'bgcolor', 'colspan', 'rowspan'],
  ...['border', 'cellpadding', 'cellspacing', 'alt'],
])

type Attributes = Record<string, string>

/** Shows an e-mail in `root`, in the place of what is there. */
export function showLetter(root: ShadowRoot, html: string): void {
  const letter = document.createDocumentFragment()
  const sheets: CSSStyleSheet[] = []
  const path: { name: string; attributes: Attributes; inside: ParentNode }[] = []
  const parent = () => path.at(-1)?.inside ?? letter
  const parser = new Parser({
    onopentag: (name, attributes) => path.push({ name, attributes, inside: open(parent(), name, attributes) }),
    ontext: (text) => parent().append(text),
    onclosetag: () => {
      const { name, attributes, inside } = path.pop()!
      if (name === 'style') sheets.push(sheetOf(inside as DocumentFragment, attributes))
    },
  })
  parser.end(html)
  root.adoptedStyleSheets = sheets
  root.replaceChildren(letter)
}

/** Adds what an opening tag means; returns where to put what is in it. */
function open(parent: ParentNode, name: string, attributes: Attributes): ParentNode {
  if (DROPPED.has(name)) return document.createDocumentFragment()
  if (!ELEMENTS.has(name)) return parent
  const { style, role, src, alt = '' } = attributes
  const isImage = name === 'img'
  if (isImage && !isOwn(src)) {
    parent.append(alt)
    return parent
  }
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) if (ATTRIBUTES.has(key)) element.setAttribute(key, value)
  element.style.cssText = style ?? ''
  if (role === 'presentation') element.setAttribute('role', role)
  // The headings of the page go on below its own.
  if (/^h[1-3]$/.test(name)) element.setAttribute('aria-level', '3')
  if (isImage) element.setAttribute('src', src!)
  parent.append(element)
  return element
}

function sheetOf({ textContent }: DocumentFragment, { media }: Attributes): CSSStyleSheet {
  const sheet = new CSSStyleSheet(media === undefined ? {} : { media })
  sheet.replaceSync(textContent)
  return sheet
}

/** Whether the policy of the pages lets an image load. */
const isOwn = (src: string | undefined): boolean =>
  src !== undefined && URL.canParse(src, location.href) && new URL(src, location.href).origin === location.origin
