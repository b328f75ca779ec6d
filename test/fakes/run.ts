/** npm run fakes — starts a fake WhatsApp and a fake Resend, to see real calls without an account. */
import { readArguments } from '../../src/commands/usage.ts'
import { startFakeResend } from './resend.ts'
import { listProductTemplates } from './templates.ts'
import { startFakeWhatsApp } from './whatsapp.ts'

const WA_WEBHOOK_SECRET = 'fake-whatsapp-webhook-secret-0123456789'

const { flags } = readArguments({
  command: 'npm run fakes',
  does: 'Starts a fake 360dialog and a fake Resend on 127.0.0.1 and prints the environment that connects the program to them. They accept and reject what the vendors do, and log each call without personal data.',
  flags: {
    webhook: {
      kind: 'text',
      value: 'URL',
      description: 'Address of the program. Statuses go to URL/wa/webhook, e-mail events to URL/email/webhook.',
    },
    messy: {
      kind: 'switch',
      description: 'Sends every status and event twice and out of order, as the vendors sometimes do.',
    },
    'whatsapp-port': { kind: 'whole', default: '4360', description: 'Port of the WhatsApp API.' },
    'resend-port': { kind: 'whole', default: '4361', description: 'Port of the e-mail API.' },
  },
  variables: [],
  more: `
A number that ends in 9999 is not on WhatsApp. Mail to bounced@resend.dev bounces, and mail to complained@resend.dev
gets a complaint.

  curl -d '{"from":"5215512345678","kind":"text","body":"sí"}' http://127.0.0.1:4360/_fake/receive
      a guest writes
  curl -d '{"kind":"error","httpStatus":400,"code":131026}' http://127.0.0.1:4360/_fake/next
  curl -d '{"kind":"error","httpStatus":429,"name":"rate_limit_exceeded"}' http://127.0.0.1:4361/_fake/next
      sets the answer of the next call; other kinds: ok, fails_later (code), silence, reset, drip, raw (httpStatus, text)`,
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
  for (const [name, value] of Object.entries({ ...whatsapp.env, WA_WEBHOOK_SECRET, ...resend.env }))
    say(`${name}='${value}'`)
  say(
    base
      ? `\nCallbacks are posted to ${base}. Press Ctrl+C to stop.`
      : '\nNo callbacks without --webhook. Press Ctrl+C to stop.',
  )
  const stop = () => void Promise.all([whatsapp.close(), resend.close()]).then(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}
