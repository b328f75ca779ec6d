/**
 * A thin 360dialog in a process of its own, which the benchmark starts with an IPC channel. It checks the key and the body of
 * every message, answers as the Cloud API does, and counts what it was asked. The strict fake is test/fakes/whatsapp.ts.
 *
 * It sends its address once it listens. Asked for 'calls', it sends what came in since it was asked the last time.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KEY, type Calls } from './fake-protocol.ts'

let seen = nothing()
let messages = 0

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => answer(request, response, Buffer.concat(chunks)))
})
server.keepAliveTimeout = 120_000 // longer than the pause between two rounds
server.listen(0, '127.0.0.1', () => {
  process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
process.on('message', () => {
  process.send!(seen)
  seen = nothing()
})
process.on('disconnect', () => process.exit())

function nothing(): Calls {
  return { ids: {}, calls: 0, refused: 0, bytes: 0 }
}

function answer({ method, url, headers }: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const isAsked = method === 'POST' && url === '/messages' && headers['content-type'] === 'application/json'
  const message = isAsked && headers['d360-api-key'] === KEY ? readMessage(body) : null
  seen.calls++
  seen.bytes += body.length
  if (!message) {
    seen.refused++
    return reply(response, 400, { error: { code: 100, message: 'Invalid parameter' } })
  }
  const id = `wamid.HBgNNTIxNTUxMDAwMDAwMBUCABEYEj${String(++messages).padStart(20, '0')}AA==`
  seen.ids[message.deliveryId] = id
  reply(response, 200, {
    messaging_product: 'whatsapp',
    contacts: [{ input: message.to, wa_id: message.to.slice(1) }],
    messages: [{ id, message_status: 'accepted' }],
  })
}

/** Null for anything but a template to a number, with the id of its delivery. */
function readMessage(body: Buffer): { to: string; deliveryId: string } | null {
  try {
    const message = JSON.parse(body.toString()) as Record<string, unknown>
    const { to, biz_opaque_callback_data: deliveryId, messaging_product: product, template } = message
    const isWhole = product === 'whatsapp' && typeof (template as { name?: unknown } | undefined)?.name === 'string'
    return isWhole && typeof to === 'string' && typeof deliveryId === 'string' ? { to, deliveryId } : null
  } catch {
    return null
  }
}

function reply(response: ServerResponse, status: number, json: object): void {
  const text = JSON.stringify(json)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
