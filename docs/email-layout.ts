/** Compiles the layout of e-mails: src/templates/layout.mjml → src/templates/layout-html.ts. */
import { readFile } from 'node:fs/promises'
import mjml from 'mjml'

export async function renderEmailLayout(): Promise<string> {
  const source = await readFile(new URL('../src/templates/layout.mjml', import.meta.url), 'utf8')
  const { html } = await mjml(source, { validationLevel: 'strict', keepComments: true })
  const lines = html
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  return `/** Generated from layout.mjml: npm run docs. */\nexport const LAYOUT =\n  ${quote(lines.join('\n'))}\n`
}

/** As Prettier writes a long string. */
const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll("'", "\\'")}'`
