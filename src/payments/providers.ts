/** Which payment provider is live, and which one is mocked because its key is missing. */
import type { Config } from '../platform/config.ts'
import type { Logger } from '../platform/log.ts'
import { openConekta } from './conekta.ts'
import { openMock } from './mock.ts'
import type { PaymentProviders, ProviderName } from './payments.ts'
import { isStripeKey, openStripe } from './stripe.ts'

/**
 * Opens the three providers. One without a usable key works in mock mode, and says so once: the default
 * one (PAYMENTS_PROVIDER) at the start, another one when it is first asked for.
 */
export function openPaymentProviders(config: Config['payments'], log: Logger): PaymentProviders {
  const { stripe, conekta } = config
  const announcements = new Map<ProviderName, () => void>()
  const mock = (name: ProviderName) => {
    let isSaid = false
    const announce = () => {
      if (!isSaid) log.warn({ provider: name }, 'payments_provider_mock_mode')
      isSaid = true
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
