/** The POSTs of the fake Stripe: what each checks and does. */
import type { Account } from './stripe-intents.ts'
import type { Params } from './stripe-objects.ts'
import type { Reversals } from './stripe-reversals.ts'
import { checkCancellation, checkCustomer, checkIntent, checkRefund, noSuch, Refusal } from './stripe-rules.ts'

export type Write = {
  /** The name of its parameters' list. */
  endpoint: string
  check: (params: Params) => void
  /** `status`: of what is created, where a script wants another than the usual one. */
  execute: (params: Params, status?: string) => object
}

export function openWrites(account: Account, { createRefund }: Reversals) {
  const writes: Record<string, Write> = {
    '/v1/customers': { endpoint: 'POST customers', check: checkCustomer, execute: account.createCustomer },
    '/v1/payment_intents': { endpoint: 'POST payment_intents', check: checkIntent, execute: createIntent },
    '/v1/refunds': { endpoint: 'POST refunds', check: checkRefund, execute: createRefund },
  }
  function createIntent(params: Params, status?: string): object {
    const intent = account.createIntent(params)
    if (status === 'succeeded') account.pay(intent.id)
    else if (status) intent.status = status
    return intent
  }
  return (path: string): Write => {
    const [, id] = /^\/v1\/payment_intents\/([^/]+)\/cancel$/.exec(path) ?? []
    const write = writes[path]
    if (write) return write
    if (id === undefined) throw new Refusal(`Unrecognized request URL (POST: ${path}).`, { status: 404 })
    if (!account.intents.has(id)) throw noSuch('payment_intent', id, 'intent', 404)
    return {
      endpoint: 'POST payment_intents/cancel',
      check: checkCancellation,
      execute: (params) => account.cancel(id, params['cancellation_reason']),
    }
  }
}
