/** The product's approved templates, for a fake WhatsApp. */
import { listTemplates, WORDS } from '../../src/templates/templates.ts'
import type { FakeTemplate } from './whatsapp-rules.ts'

const LANGUAGES = [
  ['es-MX', 'es_MX'],
  ['en', 'en'],
] as const

export function listProductTemplates(): FakeTemplate[] {
  return listTemplates()
    .filter(({ isApproved }) => isApproved)
    .flatMap((template) =>
      LANGUAGES.map(([locale, language]) => {
        let body = 0
        const text = WORDS[locale].texts[template.name].body.replace(/\{\{\w+\}\}/g, () => `{{${++body}}}`)
        return {
          name: template.name,
          language,
          category: template.category,
          ...(template.hasPass ? { header: 'image' as const } : {}),
          body,
          text,
          buttons: template.buttons.map((button) => (button === 'link' ? ('url' as const) : ('quick_reply' as const))),
        }
      }),
    )
}
