/** npm run fakes — starts a fake WhatsApp, Resend, Stripe and Conekta, to see real calls without an account. */
import { readArguments } from '../../src/commands/usage.ts'
import { startFakeConekta } from './conekta.ts'
import { startFakeResend } from './resend.ts'
import { startFakeStripe } from './stripe.ts'
import { listProductTemplates } from './templates.ts'
import { startFakeWhatsApp } from './whatsapp.ts'

const WA_WEBHOOK_SECRET = 'fake-whatsapp-webhook-secret-0123456789'

const { flags } = readArguments({
  command: 'npm run fakes',
  does: 'Starts a fake 360dialog, Resend, Stripe and Conekta on 127.0.0.1 and prints the environment that connects the program to them. They accept and reject what the vendors do, and log each call without personal data.',
  flags: {
    webhook: {
      kind: 'text',
      value: 'URL',
      description:
        'Address of the program. Statuses go to URL/wa/webhook, e-mail events to URL/email/webhook, payments to URL/payments/webhook/stripe and /conekta.',
    },
    messy: {
      kind: 'switch',
      description: 'Sends every status and event twice and out of order, as the vendors sometimes do.',
    },
    'whatsapp-port': { kind: 'whole', default: '4360', description: 'Port of the WhatsApp API.' },
    'resend-port': { kind: 'whole', default: '4361', description: 'Port of the e-mail API.' },
    'stripe-port': { kind: 'whole', default: '4362', description: 'Port of the Stripe API.' },
    'conekta-port': { kind: 'whole', default: '4363', description: 'Port of the Conekta API.' },
  },
  variables: [],
  more: `
A number that ends in 9999 is not on WhatsApp. Mail to bounced@resend.dev bounces, and mail to complained@resend.dev
gets a complaint.

  curl -d '{"from":"5215512345678","kind":"text","body":"sí"}' http://127.0.0.1:4360/_fake/receive
      a guest writes
  curl -d '{"kind":"error","httpStatus":400,"code":131026}' http://127.0.0.1:4360/_fake/next
  curl -d '{"kind":"error","httpStatus":429,"name":"rate_limit_exceeded"}' http://127.0.0.1:4361/_fake/next
      sets the answer of the next call; other kinds: ok, fails_later (code), silence, reset, drip, raw (httpStatus, text)

Payers, banks and dashboards act on the id that an intent has at its provider (providerRef). Amounts are in cents.

  curl -d '{"id":"pi_…"}' http://127.0.0.1:4362/_fake/pay
      pays; also confirmOxxo (days), expire, process, failAttempt (code), partiallyFund (amount), cancel (reason)
  curl -d '{"id":"pi_…","amount":5000}' http://127.0.0.1:4362/_fake/refund
      refunds from the Dashboard; refundSettles and failRefund (reason) take the id of a refund
  curl -d '{"id":"pi_…","fee":30000}' http://127.0.0.1:4362/_fake/dispute
  curl -d '{"id":"dp_…","outcome":"won"}' http://127.0.0.1:4362/_fake/closeDispute
      the bank takes the money, and returns it or not (lost); also inquiry, and escalate and closeDispute of that
  curl -d '{"id":"ord_…"}' http://127.0.0.1:4363/_fake/payCash
      pays in a shop; also payWithCard, paySpei, chooseCash, chooseSpei, decline, expire, cancel
  curl -d '{"id":"ord_…","amount":5000}' http://127.0.0.1:4363/_fake/refund
  curl -d '{"id":"ord_…"}' http://127.0.0.1:4363/_fake/chargeback
  curl -d '{"id":"ord_…","outcome":"lost"}' http://127.0.0.1:4363/_fake/closeChargeback
      also refundSettles and failRefund, which take the id of a refund
  curl -d '{"kind":"silence","times":1}' http://127.0.0.1:4362/_fake/next
      the answer is lost but the call is executed; without times, until the next script. Other kinds: ok, error
      (httpStatus, error), silence_before (not executed), reset, drip, garbage, accepts_then_fails (httpStatus)`,
})
await run()

async function run(): Promise<void> {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  const base = flags.webhook?.replace(/\/+$/, '')
  const mess = flags.messy ? { duplicates: true, shuffleSeed: 1 } : {}
  const whatsapp = await startFakeWhatsApp({
    port: Number(flags['whatsapp-port']),
    templates: listProductTemplates(),
    allowLoopbackLinks: true,
    has521: true,
    callbacks: { stepMs: 1000, ...mess },
    ...(base ? { webhook: { url: `${base}/wa/webhook`, headers: { 'X-Webhook-Secret': WA_WEBHOOK_SECRET } } } : {}),
    log: (line) => say(`whatsapp  ${line}`),
  })
  const resend = await startFakeResend({
    port: Number(flags['resend-port']),
    ...mess,
    ...(base ? { webhook: { url: `${base}/email/webhook` } } : {}),
    log: (line) => say(`resend    ${line}`),
  })
  const payments = { stepMs: 1000, ...mess }
  const stripe = await startFakeStripe(null, {
    port: Number(flags['stripe-port']),
    ...payments,
    ...(base ? { webhook: { url: `${base}/payments/webhook/stripe` } } : {}),
    log: (line) => say(`stripe    ${line}`),
  })
  const conekta = await startFakeConekta(null, {
    port: Number(flags['conekta-port']),
    ...payments,
    ...(base ? { webhook: { url: `${base}/payments/webhook/conekta` } } : {}),
    log: (line) => say(`conekta   ${line}`),
  })
  const env = { ...whatsapp.env, WA_WEBHOOK_SECRET, ...resend.env, ...stripe.env, ...conekta.env }
  for (const [name, value] of Object.entries(env)) say(`${name}='${value}'`)
  say(
    base
      ? `\nCallbacks are posted to ${base}. Press Ctrl+C to stop.`
      : '\nNo callbacks without --webhook. Press Ctrl+C to stop.',
  )
  const fakes = [whatsapp, resend, stripe, conekta]
  const stop = () => void Promise.all(fakes.map((fake) => fake.close())).then(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}
