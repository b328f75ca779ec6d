/** npm start — the API; with the embedded database also the workers, the clock and the demo data. */
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import { boot, prepareSchema, runProgram, type Boot } from './commands/boot.ts'
import { describeDemo, seedDemo, type Demo } from './commands/demo.ts'
import { closeGracefully, listen } from './commands/listening.ts'
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
type Running = { work?: ReturnType<typeof startWorking>; simulator?: { stop(): Promise<void> }; demo?: Demo }

await runProgram('server', async (run) => {
  const started = await boot(run)
  const running: Running = {}
  let app: FastifyInstance | undefined
  try {
    app = await buildApp(started.deps, () => running.demo ?? [])
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
  const demo =
    config.embedded && config.env !== 'production' ? await seedDemo({ ...deps, tickets: config.tickets }) : undefined
  if (demo) running.demo = demo
  stop.throwIfAborted()
  const port = await listen(app, { ...config.http, variable: 'PORT', what: 'Listening' })
  if (config.simulator.isOn)
    running.simulator = startSimulator(deps, `http://${reachableHost(config.http.host)}:${port}`)
  if (config.embedded) await (running.work = startWorking(deps, stop))
  else
    void deps.queues
      .ready(isReady ? config.boot.waitMs : FOREVER_MS)
      .catch(() => log.warn('The queues are not reachable yet; rows keep the work'))
  if (config.auth.mode === 'demo') log.warn('AUTH_MODE=demo: a request without credentials acts as the demo director')
  if (!demo) return log.info(`The first page is at ${config.http.publicBaseUrl}/ and leads to all others`)
  const { host } = config.http
  const base = `http://${host === '0.0.0.0' || host === '127.0.0.1' ? 'localhost' : host}:${port}`
  const isSimulated = Object.values(deps.channels).every((channel) => channel.isSimulated)
  process.stdout.write(describeDemo(demo, { base, config, isSimulated, now: deps.now() }))
}

/** Where this machine reaches a server that listens on `host`. */
function reachableHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
}
