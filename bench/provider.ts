/** Starts the fake WhatsApp in a process of its own, and measures it alone. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { KEY, type Calls } from './fake-protocol.ts'

export type Provider = { url: string; takeCalls(): Promise<Calls>; stop(): void }

export async function startProvider(): Promise<Provider> {
  const child = fork(new URL('fake-whatsapp.ts', import.meta.url), { execArgv: ['--import', 'tsx'] })
  const next = async () => ((await once(child, 'message')) as [unknown])[0]
  const { url } = (await next()) as { url: string }
  return {
    url,
    async takeCalls() {
      const calls = next()
      child.send('calls')
      return (await calls) as Calls
    },
    stop: () => child.disconnect(),
  }
}

/** What a bare worker sends: as long as the `event_invitation` of a guest of machine.ts. */
export const bodyOf = (deliveryId: string) =>
  JSON.stringify({
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '+525510012340',
    type: 'template',
    template: { name: 'event_invitation', language: { code: 'es_MX' }, components: COMPONENTS },
    biz_opaque_callback_data: deliveryId,
  })

const TEXTS = ['Ana Prueba', 'Banco de pruebas', 'Boda', 'lunes 1 de enero de 2035, 12:00 h', 'por confirmar']
const buttonOf = (kind: string, index: string, parameter: object) => ({
  ...{ type: 'button', sub_type: kind, index, parameters: [parameter] },
})
const COMPONENTS = [
  { type: 'body', parameters: TEXTS.map((text) => ({ type: 'text', text })) },
  buttonOf('url', '0', { type: 'text', text: 'EVWHATSAPP10VRSXXX00001234' }),
  buttonOf('quick_reply', '1', { type: 'payload', payload: 'rsvp/yes/ev_whatsapp_1_oursi1234' }),
  buttonOf('quick_reply', '2', { type: 'payload', payload: 'rsvp/no/ev_whatsapp_1_oursi1234' }),
]

export const HEADERS = {
  accept: 'application/json',
  'content-type': 'application/json',
  'd360-api-key': KEY,
  'x-request-id': 'bench',
}

/** Calls per second that the fake answers to 64 connections, each of which writes its next call when it has its answer. */
export async function measureAlone({ url }: Provider, calls: number): Promise<number> {
  const { host, hostname, port } = new URL(url)
  const body = bodyOf('dl_alone')
  const headers = Object.entries({ host, ...HEADERS, 'content-length': String(Buffer.byteLength(body)) })
  const request = `POST /messages HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
  let left = calls
  const startedMs = performance.now()
  const connections = Array.from({ length: 64 }, async () => {
    const socket = connect(Number(port), hostname).setNoDelay(true)
    const ask = () => (left-- > 0 ? socket.write(request) : socket.end())
    let answer = ''
    socket.once('connect', ask)
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      if (!answer.endsWith('}]}')) return
      answer = ''
      ask()
    })
    await once(socket, 'close')
  })
  await Promise.all(connections)
  return calls / ((performance.now() - startedMs) / 1000)
}
