/** npm start — the API; with the embedded database also the workers, the clock and the demo data. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import { boot, prepareSchema, runProgram, type Boot } from './commands/boot.ts'
import { BootError } from './deps.ts'
import { describeDemo, seedDemo } from './commands/demo.ts'
import { readArguments } from './commands/usage.ts'
import { startSimulator } from './channels/simulated.ts'
import { startWorking } from './jobs.ts'
import { VARIABLES } from './platform/environment/environment.ts'
import { untilStopped } from './platform/stop.ts'

/** Until somebody has migrated; the queues open by themselves then. */
const FOREVER_MS = 2 ** 31 - 1

readArguments({
  command: 'npm start',
  does: 'Runs the API until SIGTERM or Ctrl+C. Without DATABASE_URL or DB_HOST it also starts an embedded PostgreSQL, applies migrations, loads demo data, and runs the workers and the clock.',
  flags: {},
  variables: Object.keys(VARIABLES),
})

/** What runs beside the API, once it does. */
type Running = { work?: ReturnType<typeof startWorking>; simulator?: { stop(): Promise<void> } }

await runProgram('server', async (run) => {
  const started = await boot(run)
  const running: Running = {}
  let app: FastifyInstance | undefined
  try {
    app = await buildApp(started.deps)
    await serve(app, started, running)
    await untilStopped(run.stop)
  } finally {
    await running.simulator?.stop()
    const work = await running.work?.catch(() => undefined) // a start under way finishes first
    await work?.close()
    if (app) await closeGracefully(app)
    await started.close()
  }
})

async function serve(app: FastifyInstance, started: Boot, running: Running): Promise<void> {
  const { config, log, deps, stop } = started
  const { isReady } = await prepareSchema(started)
  stop.throwIfAborted()
  const demo = config.embedded && config.env !== 'production' ? await seedDemo(deps) : undefined
  stop.throwIfAborted()
  const port = await listen(app, started)
  if (config.simulator.isOn)
    running.simulator = startSimulator(deps, `http://${reachableHost(config.http.host)}:${port}`)
  if (config.embedded) await (running.work = startWorking(deps, stop))
  else
    void deps.queues
      .ready(isReady ? config.boot.waitMs : FOREVER_MS)
      .catch(() => log.warn('The queues are not reachable yet; rows keep the work'))
  if (config.auth.mode === 'demo') log.warn('AUTH_MODE=demo: a request without credentials acts as the demo director')
  if (!demo) return
  const { host } = config.http
  const base = `http://${host === '0.0.0.0' || host === '127.0.0.1' ? 'localhost' : host}:${port}`
  const isSimulated = Object.values(deps.channels).every((channel) => channel.isSimulated)
  process.stdout.write(describeDemo(demo, { base, config, isSimulated, now: deps.now() }))
}

/** Where this machine reaches a server that listens on `host`. */
function reachableHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
}

async function listen(app: FastifyInstance, { config }: Pick<Boot, 'config'>): Promise<number> {
  const { host, port } = config.http
  try {
    await app.listen({ host, port, listenTextResolver: (address) => `Listening at ${address}` })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw new BootError(`Port ${port} is busy: stop what listens there, or choose another with PORT=8081 npm start.`)
    if (code === 'EACCES')
      throw new BootError(`PORT=${port} is not allowed for this user: choose one above 1023 (PORT=8081 npm start).`)
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
      throw new BootError(`HOST=${host} is no address of this machine (${code}): try 127.0.0.1 or 0.0.0.0.`)
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
