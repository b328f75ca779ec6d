/** The payment providers: Stripe, Conekta and the mock behind one shape. One without a key is mocked. */
import type { Config } from '../platform/config.ts'
import type { Logger } from '../platform/log.ts'
import { openConekta } from './conekta.ts'
import { openMock } from './mock.ts'
import type { PaymentProviders, ProviderName } from './provider.ts'
import { isStripeKey, openStripe } from './stripe.ts'

export { describeLimits, findMethods } from './limits.ts'
export { MOCK_SCRIPTS, readScript, type MockScript } from './mock.ts'
export {
  EMPTY_UPDATE,
  isEmpty,
  PAYMENT_METHODS,
  PROVIDER_NAMES,
  ProviderUnreachable,
  type IntentInput,
  type IntentOutcome,
  type MoneyFact,
  type ProviderUpdate,
  type NextAction,
  type PaymentEvent,
  type PaymentMethod,
  type PaymentProvider,
  type PaymentProviders,
  type ProviderName,
  type RefundOutcome,
} from './provider.ts'

/**
 * Opens the three providers. One without a usable key runs in mock mode and logs that once: the default provider
 * (PAYMENTS_PROVIDER) at boot, the others at their first intent.
 */
export function openPaymentProviders(config: Config['payments'], log: Logger): PaymentProviders {
  const { stripe, conekta } = config
  const announcements = new Map<ProviderName, () => void>()
  const mock = (name: ProviderName) => {
    let isAnnounced = false
    const announce = () => {
      if (!isAnnounced) log.warn({ provider: name }, 'payments_provider_mock_mode')
      isAnnounced = true
    }
    announcements.set(name, announce)
    return openMock(name, announce)
  }
  const providers = {
    stripe:
      stripe.secretKey && isStripeKey(stripe.secretKey)
        ? openStripe({ ...stripe, secretKey: stripe.secretKey })
        : mock('stripe'),
    conekta: conekta.apiKey ? openConekta({ ...conekta, apiKey: conekta.apiKey }) : mock('conekta'),
    mock: mock('mock'),
  }
  announcements.get(config.provider)?.()
  return providers
}
