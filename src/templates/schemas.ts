/** Templates on the wire: how one stands at WhatsApp, and how a message of one looks. */
import { Type } from 'typebox'
import { Locale, NullableInstant } from '../http/schemas.ts'

/** Texts for people, in both languages. */
export const ByLocale = Type.Record(Type.String(), Type.String(), { description: 'By locale.' })

export const TemplateStatuses = Type.Array(
  Type.Object(
    {
      locale: Locale,
      language: Type.String({ description: "WhatsApp's own code." }),
      status: Type.Unsafe<string | null>({
        type: ['string', 'null'],
        description:
          "WhatsApp's word (APPROVED, PENDING, REJECTED, PAUSED, DISABLED), MISSING, or MISMATCH: what it approved is not " +
          'what we send. Null: it was never asked. A campaign sends by WhatsApp only what is APPROVED or was never asked about.',
      }),
      category: Type.Unsafe<string | null>({
        type: ['string', 'null'],
        description: "WhatsApp's own category, which decides the price; it may be another than ours.",
      }),
      differences: Type.Array(
        Type.Object({ part: Type.Enum(['header', 'variables', 'naming', 'buttons']), text: ByLocale }),
      ),
      syncedAt: NullableInstant,
    },
    { title: 'TemplateStatus' },
  ),
  { description: 'How it stands at WhatsApp, by language; empty for an answer.' },
)

export const ShownMessage = Type.Unsafe<{ text: string; image: string | null; buttons: string[] } | null>({
  type: ['object', 'null'],
  properties: {
    text: { type: 'string' },
    image: { type: ['string', 'null'] },
    buttons: { type: 'array', items: { type: 'string' } },
  },
  required: ['text', 'image', 'buttons'],
  title: 'ShownMessage',
  description: 'What the guest sees of a WhatsApp message.',
})
