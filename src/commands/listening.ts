/** Listening for requests, and the end of it, the same for API and workers. */
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { BootError } from '../deps.ts'

type App = {
  server: Server
  listen(options: { host: string; port: number; listenTextResolver: (address: string) => string }): Promise<string>
  close(): PromiseLike<unknown>
}

/** Listens and returns the port. `variable` chose the port; `what` is said to be at the address. */
export async function listen(
  app: App,
  { host, port, variable, what }: { host: string; port: number; variable: 'PORT' | 'METRICS_PORT'; what: string },
): Promise<number> {
  try {
    await app.listen({ host, port, listenTextResolver: (address) => `${what} at ${address}` })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const command = variable === 'PORT' ? 'npm start' : 'npm run start:worker'
    if (code === 'EADDRINUSE')
      throw new BootError(
        `Port ${port} is busy: stop what listens there, or choose another with ${variable}=${port + 1} ${command}.`,
      )
    if (code === 'EACCES')
      throw new BootError(
        `${variable}=${port} is not allowed for this user: choose one above 1023 (${variable}=8081 ${command}).`,
      )
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
      throw new BootError(`HOST=${host} is no address of this machine (${code}): try 127.0.0.1 or 0.0.0.0.`)
    throw error
  }
  const address = app.server.address()
  return typeof address === 'object' && address ? address.port : port
}

/** Answers what is in flight, then closes; idle keep-alive sockets would hold the server open. */
export async function closeGracefully(app: App): Promise<void> {
  const closed = Promise.resolve(app.close())
  let isClosed = false
  void closed.finally(() => (isClosed = true))
  while (!isClosed) {
    app.server.closeIdleConnections()
    await Promise.race([closed, sleep(100)])
  }
  await closed
}
