/** The environment variables of the providers: WhatsApp through 360dialog, e-mail through Resend, and the payments. */
import type { TProperties } from 'typebox'
import { decimal, HEADER_VALUE, HTTP_ADDRESS, oneOf, secret, text, textWithDefault, whole } from './variables.ts'

const WHATSAPP = 'WhatsApp (360dialog)'
const EMAIL = 'E-mail (Resend)'

/** Since 2026-10-01 service messages cost as much as utility templates, after 1,000 free ones a month and number. */
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
  WA_360DIALOG_API_KEY: secret(
    WHATSAPP,
    'API key of the number (D360-API-KEY). Without it WhatsApp messages go to the simulated channel.',
    HEADER_VALUE,
  ),
  WA_PHONE_NUMBER_ID: text(
    WHATSAPP,
    "Meta's id of the number, as webhooks carry it in metadata.phone_number_id. When set, webhooks about other numbers are stored and ignored, so several numbers can share one webhook address.",
    { pattern: '^[0-9]+$', form: 'digits only' },
  ),
  WA_360DIALOG_API_URL: textWithDefault(
    WHATSAPP,
    'https://waba-v2.360dialog.io',
    'Base address of the API. Change it for tests and sandboxes.',
    HTTP_ADDRESS,
  ),
  WA_TIMEOUT_SECONDS: whole(
    WHATSAPP,
    15,
    1,
    300,
    'Seconds that one call may take before its outcome is unknown. At most half of DELIVERY_LEASE_SECONDS.',
  ),
  WA_MESSAGES_PER_SECOND: whole(
    WHATSAPP,
    80,
    1,
    1000,
    'Rate limit of the number in messages per second, for all workers together. WhatsApp allows 80, up to 1,000 after an automatic upgrade, and 20 for a number that a phone uses too.',
  ),
  WA_PAIR_INTERVAL_SECONDS: decimal(
    WHATSAPP,
    6,
    0,
    600,
    'Seconds between two messages to the same recipient. WhatsApp refuses more than one in 6 s (131056).',
  ),
  WA_MESSAGING_LIMIT: text(
    WHATSAPP,
    'Messaging limit of the business: people it may start to write to in 24 hours (250, 2000, 10000, 100000 or unlimited). A limit that a webhook reports wins over it. Without either, a preflight says that the limit is unknown.',
    { pattern: '^([1-9][0-9]{0,6}|unlimited)$', form: 'a whole number of at most 7 digits, or unlimited' },
  ),
  WA_PRICES: textWithDefault(
    WHATSAPP,
    DEFAULT_WA_PRICES,
    'What one message to Mexico costs, from a date (UTC) on. mxnRate: pesos for one unit of the currency, for the estimate of savings. The default has the public prices, without volume tiers and without the fee of 360dialog: check it against your invoice.',
    {
      form: 'a JSON list of {"from":"2026-10-01","currency":"USD","mxnRate":18,"marketing":0.03,"utility":0.01,"authentication":0.01,"service":0,"freeServicePerMonth":1000}, one per date (mxnRate and freeServicePerMonth may be left out)',
    },
  ),
  WA_WEBHOOK_SECRET: secret(
    WHATSAPP,
    'Secret that POST /wa/webhook requires, in the header WA_WEBHOOK_SECRET_HEADER or as the password of HTTP Basic.',
  ),
  WA_WEBHOOK_SECRET_HEADER: textWithDefault(
    WHATSAPP,
    'X-Webhook-Secret',
    'Name of the header that carries WA_WEBHOOK_SECRET.',
    { pattern: '^[A-Za-z0-9-]+$', form: 'a header name of letters, digits and hyphens' },
  ),
  WA_APP_SECRET: secret(
    WHATSAPP,
    'App secret of Meta, when Meta calls the webhook directly. X-Hub-Signature-256 must then match the raw body.',
  ),
  WA_VERIFY_TOKEN: secret(WHATSAPP, 'Token that GET /wa/webhook?hub.mode=subscribe must carry.'),
  WA_MESSAGE_TEXT_DAYS: whole(
    WHATSAPP,
    180,
    1,
    36_500,
    "Days after which the text of a guest's message is deleted. What it was understood as stays.",
  ),
  WA_SESSION_TTL_SECONDS: whole(
    WHATSAPP,
    86_400,
    60,
    864_000,
    'Seconds that the customer-service window stays open after a message of the guest.',
  ),

  RESEND_API_KEY: secret(
    EMAIL,
    'API key (re_…). Without it e-mails go to the simulated channel. Needs RESEND_FROM_EMAIL.',
    HEADER_VALUE,
  ),
  RESEND_API_URL: textWithDefault(
    EMAIL,
    'https://api.resend.com',
    'Base address of the API. Change it for tests and sandboxes.',
    HTTP_ADDRESS,
  ),
  RESEND_FROM_EMAIL: text(EMAIL, 'Sender of every e-mail, at a domain verified with Resend.', {
    pattern: '^([^<>@]+ <[^\\s<>@]+@[^\\s<>@]+>|[^\\s<>@]+@[^\\s<>@]+)$',
    form: 'one address, alone or as `Monotickets <invitaciones@monotickets.mx>`',
  }),
  EMAIL_TIMEOUT_SECONDS: whole(
    EMAIL,
    15,
    1,
    300,
    'Seconds that one call may take before its outcome is unknown. At most half of DELIVERY_LEASE_SECONDS.',
  ),
  EMAIL_MESSAGES_PER_SECOND: whole(
    EMAIL,
    10,
    1,
    1000,
    'Rate limit of the Resend account in calls per second, for all workers together.',
  ),
  RESEND_WEBHOOK_SECRET: secret(EMAIL, 'Signing secret of the webhook endpoint (whsec_…).'),

  PAYMENTS_PROVIDER: oneOf(
    'Payments',
    ['mock', 'stripe', 'conekta'],
    'mock',
    'Provider of a payment intent that names none. A provider without its key runs in mock mode.',
  ),
  STRIPE_SECRET_KEY: secret('Payments', 'Secret or restricted key (sk_test_…, sk_live_…, rk_…).', HEADER_VALUE),
  STRIPE_API_URL: textWithDefault('Payments', 'https://api.stripe.com', 'Base address of the API.', HTTP_ADDRESS),
  STRIPE_WEBHOOK_SECRET: secret(
    'Payments',
    'Signing secret of the webhook endpoint (whsec_…); two with a comma between them while one is replaced.',
  ),
  CONEKTA_API_KEY: secret('Payments', 'Private key.', HEADER_VALUE),
  CONEKTA_API_URL: textWithDefault('Payments', 'https://api.conekta.io', 'Base address of the API.', HTTP_ADDRESS),
  CONEKTA_WEBHOOK_PUBLIC_KEY: secret(
    'Payments',
    'Public key of the webhooks, in PEM. \\n stands for a line break. Two, one after the other, while one is replaced.',
  ),
  LATE_PAYMENT_POLICY: oneOf(
    'Payments',
    ['apply', 'hold', 'refund'],
    'apply',
    'What becomes of money that comes after its payment expired or was cancelled: it counts, it waits for a Director, or it is given back.',
  ),
} satisfies TProperties
