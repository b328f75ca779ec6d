/** What messages cost by WhatsApp's list: told before a campaign, and predicted for each message when it leaves. */
import type { Config } from '../platform/config.ts'

type Prices = Config['whatsapp']['prices']
export type PricedCategory = 'marketing' | 'utility' | 'authentication' | 'service'

/** What WhatsApp took a template for, if we know its price; else what we asked for. */
export function categoryOf(approved: string | null, asked: 'marketing' | 'utility'): PricedCategory {
  const isPriced = approved === 'marketing' || approved === 'utility' || approved === 'authentication'
  return isPriced ? approved : asked
}

/** A promotion is what WhatsApp takes for one: it may be stopped by the guest and withheld by WhatsApp. */
export const isPromotion = (approved: string | null, asked: 'marketing' | 'utility'): boolean =>
  categoryOf(approved, asked) === 'marketing'

/** In force on the day (UTC) of `at`. */
const priceOn = (prices: Prices, at: Date) => prices.findLast(({ from }) => from <= at.toISOString().slice(0, 10))

type Part = { category: PricedCategory; messages: number; perMessage: number; amountMinor: number }
export type EstimatedCost = {
  isEstimate: true
  currency: string | null
  /** In whole and hundredths of the currency; one message costs less than a hundredth can say, so it is rounded at the end. */
  amount: number
  amountMinor: number
  messages: number
  /** Of most of the messages. */
  category: PricedCategory
  perMessage: number
  /** WhatsApp may have taken the languages of one template for different categories. */
  byCategory: Part[]
}

/** The list price in force on the day, for every WhatsApp message; what is billed is told by the provider's statuses. */
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
 * What a WhatsApp message that leaves now will be billed as. A template always costs: we send one only where no window
 * is open. Free-form text is a service message: free where the list has no price for it, and else for the first
 * `freeServicePerMonth` of a calendar month. `pricing` of the status tells the truth later.
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
