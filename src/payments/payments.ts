export type PaymentProviders = Record<string, never>
