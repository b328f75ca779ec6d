/** Server-sent events (WHATWG HTML, 9.2): the headers of a stream, and how long it may live. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { User } from './access.ts'

/** What every stream is told about its client. */
export type StreamLife = {
  requestId: string
  /** Aborts when the client has left or the server closes. */
  signal: AbortSignal
  /** The remaining life of the access token, which the stream must not outlive. */
  tokenMs?: number
  /** Whether the access token has been revoked meanwhile. */
  isRevoked?: () => Promise<boolean>
}

type Server = { addHook(name: 'preClose', hook: () => Promise<void>): unknown }
type Context = { now: () => Date; revocations: { include(user: User): Promise<boolean> } }

/** Returns what opens the streams of a server. They end when it closes, which would otherwise wait for them. */
export function openStreams(app: Server, { now, revocations }: Context) {
  const isClosing = new AbortController()
  app.addHook('preClose', async () => isClosing.abort())
  return (
    { id: requestId, user }: Pick<FastifyRequest, 'id' | 'user'>,
    reply: Pick<FastifyReply, 'raw' | 'headers'>,
    watch: (life: StreamLife) => AsyncGenerator<string>,
  ): Readable => {
    const hasLeft = new AbortController()
    reply.raw.on('close', () => hasLeft.abort())
    reply.headers({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    return Readable.from(
      watch({
        requestId,
        signal: AbortSignal.any([hasLeft.signal, isClosing.signal]),
        isRevoked: () => revocations.include(user),
        ...(user.expiresAt ? { tokenMs: user.expiresAt.getTime() - now().getTime() } : {}),
      }),
    )
  }
}
