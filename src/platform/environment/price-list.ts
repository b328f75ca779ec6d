/** What WhatsApp messages cost, as WA_PRICES lists it. */
import { Type, type Static } from 'typebox'
import { Check } from 'typebox/value'

/** What one WhatsApp message to Mexico costs from a date on, in units of `currency`. */
const Price = Type.Object(
  {
    from: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
    mxnRate: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    marketing: Type.Number({ minimum: 0 }),
    utility: Type.Number({ minimum: 0 }),
    authentication: Type.Number({ minimum: 0 }),
    service: Type.Number({ minimum: 0 }),
    freeServicePerMonth: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
)
export type WhatsAppPrice = Static<typeof Price>

/** Oldest first; null when the text is no such list. */
export function readPrices(json: string): WhatsAppPrice[] | null {
  try {
    const prices: unknown = JSON.parse(json)
    if (!Check(Type.Array(Price, { minItems: 1 }), prices)) return null
    const dates = prices.map(({ from }) => from)
    const areDates = dates.every((date) => new Date(`${date}T00:00:00Z`).toJSON()?.startsWith(date))
    if (!areDates || new Set(dates).size < dates.length) return null
    return prices.toSorted((a, b) => (a.from < b.from ? -1 : 1))
  } catch {
    return null
  }
}
