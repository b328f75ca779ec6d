/** npm run fakes — a WhatsApp and a Resend on this machine, for whoever wants to see real calls without an account. */
import { parseArgs } from 'node:util'
import { startFakeResend } from './resend.ts'
import { listProductTemplates } from './templates.ts'
import { startFakeWhatsApp } from './whatsapp.ts'

const HELP = `npm run fakes -- [--webhook http://localhost:8080] [--messy]
                 [--whatsapp-port 4360] [--resend-port 4361]

Starts a strict 360dialog and a strict Resend on 127.0.0.1 and prints the environment that points the program
there. They accept and refuse what the vendors do, and log each call without personal data.

  --webhook URL   the program's address: statuses go to URL/wa/webhook, e-mail events to URL/email/webhook
  --messy         every status and event comes twice and out of order, as it may in earnest

A number that ends in 9999 is not on WhatsApp. bounced@resend.dev and complained@resend.dev do as they say.

  curl -d '{"from":"5215512345678","kind":"text","body":"sí"}' http://127.0.0.1:4360/_fake/receive
      a guest writes
  curl -d '{"kind":"error","httpStatus":400,"code":131026}' http://127.0.0.1:4360/_fake/next
  curl -d '{"kind":"error","httpStatus":429,"name":"rate_limit_exceeded"}' http://127.0.0.1:4361/_fake/next
      how the next call is answered; other kinds: ok, fails_later (code), silence, reset, drip, raw (httpStatus, text)
`
const WA_WEBHOOK_SECRET = 'fake-whatsapp-webhook-secret-0123456789'

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    webhook: { type: 'string' },
    messy: { type: 'boolean', default: false },
    'whatsapp-port': { type: 'string', default: '4360' },
    'resend-port': { type: 'string', default: '4361' },
  },
})
if (values.help) process.stdout.write(HELP)
else await run()

async function run(): Promise<void> {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  const base = values.webhook?.replace(/\/+$/, '')
  const mess = values.messy ? { duplicates: true, shuffleSeed: 1 } : {}
  const whatsapp = await startFakeWhatsApp({
    port: Number(values['whatsapp-port']),
    templates: listProductTemplates(),
    allowLoopbackLinks: true,
    has521: true,
    callbacks: { stepMs: 1000, ...mess },
    ...(base ? { webhook: { url: `${base}/wa/webhook`, headers: { 'X-Webhook-Secret': WA_WEBHOOK_SECRET } } } : {}),
    log: (line) => say(`whatsapp  ${line}`),
  })
  const resend = await startFakeResend({
    port: Number(values['resend-port']),
    ...mess,
    ...(base ? { webhook: { url: `${base}/email/webhook` } } : {}),
    log: (line) => say(`resend    ${line}`),
  })
  for (const [name, value] of Object.entries({ ...whatsapp.env, WA_WEBHOOK_SECRET, ...resend.env }))
    say(`${name}='${value}'`)
  say(base ? `\nCallbacks go to ${base}. Ctrl+C ends.` : '\nNo callbacks: give --webhook. Ctrl+C ends.')
  const stop = () => void Promise.all([whatsapp.close(), resend.close()]).then(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}
