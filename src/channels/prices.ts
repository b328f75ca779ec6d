/** What messages cost by WhatsApp's price list: estimated before a campaign, predicted for each message that is sent. */
import type { Config } from '../platform/config.ts'

type Prices = Config['whatsapp']['prices']
export type PricedCategory = 'marketing' | 'utility' | 'authentication' | 'service'

/** The category that WhatsApp gave a template, if we know its price; else the one we asked for. */
export function categoryOf(approved: string | null, asked: 'marketing' | 'utility'): PricedCategory {
  const isPriced = approved === 'marketing' || approved === 'utility' || approved === 'authentication'
  return isPriced ? approved : asked
}

/** Whether WhatsApp treats a template as marketing: guests can stop those, and WhatsApp withholds some. */
export const isPromotion = (approved: string | null, asked: 'marketing' | 'utility'): boolean =>
  categoryOf(approved, asked) === 'marketing'

/** The prices that apply on the day (UTC) of `at`. */
const priceOn = (prices: Prices, at: Date) => prices.findLast(({ from }) => from <= at.toISOString().slice(0, 10))

type Part = { category: PricedCategory; messages: number; perMessage: number; amountMinor: number }
export type EstimatedCost = {
  isEstimate: true
  currency: string | null
  /** The total in the currency, and in its hundredths. A message costs a fraction of a hundredth, so only the total is rounded. */
  amount: number
  amountMinor: number
  messages: number
  /** The category with the most messages. */
  category: PricedCategory
  perMessage: number
  /** WhatsApp may give the languages of one template different categories. */
  byCategory: Part[]
}

/** The price of these WhatsApp messages by the list of that day. The provider's statuses say what is billed. */
export function estimateCost(
  prices: Prices,
  parts: { category: PricedCategory; messages: number }[],
  at: Date,
): EstimatedCost {
  const price = priceOn(prices, at)
  const byCategory = [...new Set(parts.map(({ category }) => category))].map((category): Part => {
    const messages = parts.reduce((sum, one) => sum + (one.category === category ? one.messages : 0), 0)
    const perMessage = price?.[category] ?? 0
    return { category, messages, perMessage, amountMinor: Math.round(messages * perMessage * 100) }
  })
  const largest = byCategory.toSorted((a, b) => b.messages - a.messages)[0]!
  const amountMinor = Math.round(
    byCategory.reduce((sum, { messages, perMessage }) => sum + messages * perMessage, 0) * 100,
  )
  return {
    ...{ isEstimate: true, currency: price?.currency ?? null, amount: amountMinor / 100, amountMinor },
    messages: byCategory.reduce((sum, { messages }) => sum + messages, 0),
    ...{ category: largest.category, perMessage: largest.perMessage, byCategory },
  }
}

export type Prediction = { category: PricedCategory; isFree: boolean }

/**
 * How a WhatsApp message sent at `at` will be billed. A template always costs, because we send one only when no window is
 * open. Free-form text is a service message: free when the list has no price for it, otherwise free for the first
 * `freeServicePerMonth` of a calendar month. The `pricing` of the provider's status replaces this prediction.
 */
export function predictPrice(
  prices: Prices,
  message: {
    isTemplate: boolean
    category: 'marketing' | 'utility'
    approved: string | null
    serviceThisMonth: number
  },
  at: Date,
): Prediction {
  if (message.isTemplate) return { category: categoryOf(message.approved, message.category), isFree: false }
  const price = priceOn(prices, at)
  const isFree = !price?.service || message.serviceThisMonth < (price.freeServicePerMonth ?? 0)
  return { category: 'service', isFree }
}
