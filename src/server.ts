/** npm start — the API; with the embedded database also the workers, the clock and the demo data. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import { boot, endOnSignal, prepareSchema, runProgram, type Boot } from './commands/boot.ts'
import { readEnvironment } from './platform/config.ts'
import { BootError } from './deps.ts'
import { describeDemo, seedDemo } from './commands/demo.ts'
import { startSimulator } from './channels/simulated.ts'
import { startWorking } from './jobs.ts'

/** Until somebody has migrated; the queues open by themselves then. */
const FOREVER_MS = 2 ** 31 - 1

await runProgram(async () => {
  const started = await boot({ env: readEnvironment(), role: 'server' })
  const { config, log, deps } = started
  const app = await buildApp(deps)
  const running: { work?: ReturnType<typeof startWorking>; simulator?: { stop(): Promise<void> } } = {}
  const close = async () => {
    await running.simulator?.stop()
    const work = await running.work?.catch(() => undefined) // a start under way is let finish, then stopped
    await work?.close()
    await closeGracefully(app)
    await started.close()
  }
  try {
    const { isReady } = await prepareSchema(started)
    const demo = config.embedded && config.env !== 'production' ? await seedDemo(deps) : undefined
    const port = await listen(app, started)
    if (config.simulator.isOn)
      running.simulator = startSimulator(deps, `http://${reachableHost(config.http.host)}:${port}/wa/webhook`)
    endOnSignal(config, log, close)
    if (config.embedded) await (running.work = startWorking(deps))
    else
      void deps.queues
        .ready(isReady ? config.boot.waitMs : FOREVER_MS)
        .catch(() => log.warn('The queues are not reachable yet; rows keep the work'))
    if (config.auth.mode === 'demo') log.warn('AUTH_MODE=demo: a request without credentials acts as the demo director')
    if (demo)
      process.stdout.write(
        describeDemo(demo, {
          ...{ host: config.http.host, port, isDemoMode: config.auth.mode === 'demo' },
          isSimulated: Object.values(deps.channels).every((channel) => channel.isSimulated),
        }),
      )
  } catch (error) {
    await close()
    throw error
  }
})

/** Where this machine reaches a server that listens on `host`. */
function reachableHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
}

async function listen(app: FastifyInstance, { config }: Pick<Boot, 'config'>): Promise<number> {
  const { host, port } = config.http
  try {
    await app.listen({ host, port, listenTextResolver: (address) => `Listening at ${address}` })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new BootError(`Port ${port} is busy: stop what listens there, or choose another with PORT=8081 npm start.`)
    }
    throw error
  }
  const address = app.server.address()
  const listening = typeof address === 'object' && address ? address.port : port
  return listening
}

/** Answers what is in flight, then closes; idle keep-alive sockets would hold the server open. */
async function closeGracefully(app: FastifyInstance): Promise<void> {
  const closed = app.close()
  let isClosed = false
  void closed.finally(() => (isClosed = true))
  while (!isClosed) {
    app.server.closeIdleConnections()
    await Promise.race([closed, sleep(100)])
  }
  await closed
}
