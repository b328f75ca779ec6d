/** Schemas that other domains use too: template statuses and the preview of a message. */
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
          "WhatsApp's status (APPROVED, PENDING, REJECTED, PAUSED, DISABLED), MISSING, or MISMATCH: the approved template " +
          'differs from what we send. Null: not fetched yet, which counts as approved.',
      }),
      category: Type.Unsafe<string | null>({
        type: ['string', 'null'],
        description: "WhatsApp's category, which decides the price; it may differ from ours.",
      }),
      differences: Type.Array(
        Type.Object({ part: Type.Enum(['header', 'variables', 'naming', 'buttons']), text: ByLocale }),
      ),
      syncedAt: NullableInstant,
    },
    { title: 'TemplateStatus' },
  ),
  { description: "WhatsApp's status of each language; empty for a reply." },
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
