/** The environment variables of the providers: WhatsApp through 360dialog, e-mail through Resend, and the payments. */
import type { TProperties } from 'typebox'
import { decimal, HEADER_PATTERN, oneOf, secret, text, textWithDefault, URL_PATTERN, whole } from './variables.ts'

/**
 * Service messages are billed since 2026-10-01, as utility templates are, after 1,000 free ones a month and number.
 */
const DEFAULT_WA_PRICES = JSON.stringify([
  {
    from: '2025-07-01',
    currency: 'USD',
    mxnRate: 18,
    marketing: 0.0305,
    utility: 0.0085,
    authentication: 0.0085,
    service: 0,
  },
  {
    from: '2026-10-01',
    currency: 'USD',
    mxnRate: 18,
    marketing: 0.0397,
    utility: 0.0085,
    authentication: 0.0085,
    service: 0.0085,
    freeServicePerMonth: 1000,
  },
])

export const PROVIDER_VARIABLES = {
  WA_360DIALOG_API_KEY: secret('WhatsApp (360dialog)', 'D360-API-KEY of the number.', { pattern: HEADER_PATTERN }),
  WA_PHONE_NUMBER_ID: text(
    'WhatsApp (360dialog)',
    'Id of the number at Meta, as webhooks name it in metadata.phone_number_id. When set, what they tell of another number is stored and ignored; several numbers may share one address.',
    { pattern: '^[0-9]+$' },
  ),
  WA_360DIALOG_API_URL: textWithDefault('WhatsApp (360dialog)', 'https://waba-v2.360dialog.io', 'Base address.', {
    pattern: URL_PATTERN,
  }),
  WA_TIMEOUT_SECONDS: whole(
    'WhatsApp (360dialog)',
    15,
    1,
    300,
    'How long one call may take; twice this must fit into DELIVERY_LEASE_SECONDS. Then its outcome is unknown.',
  ),
  WA_MESSAGES_PER_SECOND: whole(
    'WhatsApp (360dialog)',
    80,
    1,
    1000,
    'Throughput of the number, for all workers together: 80, after an automatic upgrade up to 1,000; 20 for a number that a phone uses too.',
  ),
  WA_PAIR_INTERVAL_SECONDS: decimal(
    'WhatsApp (360dialog)',
    6,
    0,
    600,
    'Least pause between two messages to the same recipient; WhatsApp refuses more than one in 6 s with 131056.',
  ),
  WA_MESSAGING_LIMIT: text(
    'WhatsApp (360dialog)',
    'How many people the business may begin to write to in 24 hours: 250, 2000, 10000, 100000 or unlimited. What the webhook tells goes before it; without either, a preflight says that the limit is unknown.',
    { pattern: '^([1-9][0-9]{0,6}|unlimited)$' },
  ),
  WA_PRICES: textWithDefault(
    'WhatsApp (360dialog)',
    DEFAULT_WA_PRICES,
    'JSON list of what one message to Mexico costs, each from a date (UTC) on: {from, currency, mxnRate, marketing, utility, authentication, service, freeServicePerMonth}; mxnRate: pesos for one unit of the currency, for the estimate of savings. Public figures without volume tiers and without the fee of 360dialog, to be checked against the invoice.',
  ),
  WA_WEBHOOK_SECRET: secret(
    'WhatsApp (360dialog)',
    'Secret that POST /wa/webhook must carry, in the header below or as the password of HTTP Basic.',
  ),
  WA_WEBHOOK_SECRET_HEADER: textWithDefault(
    'WhatsApp (360dialog)',
    'X-Webhook-Secret',
    'Header that carries WA_WEBHOOK_SECRET.',
    { pattern: '^[A-Za-z0-9-]+$' },
  ),
  WA_APP_SECRET: secret(
    'WhatsApp (360dialog)',
    'App secret when Meta calls directly: X-Hub-Signature-256 must match the raw body.',
  ),
  WA_VERIFY_TOKEN: secret('WhatsApp (360dialog)', 'Answers GET /wa/webhook?hub.mode=subscribe.'),
  WA_MESSAGE_TEXT_DAYS: whole(
    'WhatsApp (360dialog)',
    180,
    1,
    36_500,
    "Days after which the text of a guest's message is deleted; what it was understood as stays.",
  ),
  WA_SESSION_TTL_SECONDS: whole('WhatsApp (360dialog)', 86_400, 60, 864_000, 'Length of the customer-service window.'),

  RESEND_API_KEY: secret('E-mail (Resend)', 're_… key.', { pattern: HEADER_PATTERN }),
  RESEND_API_URL: textWithDefault('E-mail (Resend)', 'https://api.resend.com', 'Base address.', {
    pattern: URL_PATTERN,
  }),
  RESEND_FROM_EMAIL: text(
    'E-mail (Resend)',
    'Sender, at a domain verified with Resend: `Monotickets <invitaciones@monotickets.mx>`. RESEND_API_KEY needs it.',
    { pattern: '^([^<>@]+ <[^\\s<>@]+@[^\\s<>@]+>|[^\\s<>@]+@[^\\s<>@]+)$' },
  ),
  EMAIL_TIMEOUT_SECONDS: whole(
    'E-mail (Resend)',
    15,
    1,
    300,
    'How long one call may take; twice this must fit into DELIVERY_LEASE_SECONDS. Then its outcome is unknown.',
  ),
  EMAIL_MESSAGES_PER_SECOND: whole(
    'E-mail (Resend)',
    10,
    1,
    1000,
    'Calls per second that the account at Resend allows, for all workers together.',
  ),
  RESEND_WEBHOOK_SECRET: secret('E-mail (Resend)', 'whsec_… of the webhook endpoint.'),

  PAYMENTS_PROVIDER: oneOf(
    'Payments',
    ['mock', 'stripe', 'conekta'],
    'mock',
    'Provider of an intent that names none. Without its keys it falls back to mock.',
  ),
  STRIPE_SECRET_KEY: secret('Payments', 'sk_test_… or sk_live_…'),
  STRIPE_API_URL: textWithDefault('Payments', 'https://api.stripe.com', 'Base address.', { pattern: URL_PATTERN }),
  STRIPE_WEBHOOK_SECRET: secret('Payments', 'whsec_… of the webhook endpoint.'),
  CONEKTA_API_KEY: secret('Payments', 'Private key.'),
  CONEKTA_API_URL: textWithDefault('Payments', 'https://api.conekta.io', 'Base address.', { pattern: URL_PATTERN }),
  CONEKTA_WEBHOOK_PUBLIC_KEY: secret('Payments', 'PEM of the webhook key; \\n stands for a line break.'),
} satisfies TProperties
