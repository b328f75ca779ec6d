/** npm run start:worker — queue workers, metrics and the clock; or one run of the landing TTL job. */
import { setTimeout as sleep } from 'node:timers/promises'
import { buildWorkerApp } from './app.ts'
import { boot, hasSchema, prepareSchema, runProgram, type Boot } from './commands/boot.ts'
import { closeGracefully, listen } from './commands/listening.ts'
import { readArguments, refuse, type Usage } from './commands/usage.ts'
import { BootError } from './deps.ts'
import { startWorking } from './jobs.ts'
import { describePlan, planLandingTtl, runLandingTtl } from './landing/ttl.ts'
import { VARIABLES } from './platform/environment/environment.ts'
import { untilStopped } from './platform/stop.ts'

const OF_THE_API =
  /^(PORT|TRUSTED_PROXIES|RATE_LIMIT_PER_MINUTE|DIRECTOR_CACHE_TTL_SECONDS|.*WEBHOOK.*|WA_VERIFY_TOKEN|WA_APP_SECRET)$/
const USAGE = {
  command: 'npm run start:worker',
  does: 'Runs the queue workers and the scheduled jobs until SIGTERM or Ctrl+C. With a flag it runs or plans the landing TTL job once and exits.',
  flags: {
    'dry-run': {
      kind: 'switch',
      description: 'Prints what the landing TTL job would change now, changes nothing, exits.',
    },
    force: { kind: 'switch', description: 'Runs the landing TTL job once now, ignoring its lock, exits.' },
  },
  variables: Object.keys(VARIABLES).filter((name) => !OF_THE_API.test(name)),
} as const satisfies Usage

type WorkerApp = Awaited<ReturnType<typeof buildWorkerApp>>

const { flags } = readArguments(USAGE)
if (flags['dry-run'] && flags.force) refuse(USAGE, '--dry-run and --force exclude each other.')
const isOnce = flags['dry-run'] || flags.force

await runProgram(isOnce ? 'tool' : 'worker', async (run) => {
  // A report on stdout must be all there is on stdout, so that it can be piped.
  const started = await boot(run, isOnce ? { logTo: process.stderr } : {})
  const running: { work?: ReturnType<typeof startWorking>; app?: WorkerApp } = {}
  try {
    // A dry run changes nothing, so it does not migrate either.
    const isReady = flags['dry-run'] ? await hasSchema(started) : (await prepareSchema(started)).isReady
    if (isOnce && !isReady) throw new BootError('The schema is older than this program: run npm run migrate first.')
    if (isOnce) return await runOnce(started)
    await serveMetrics(started, running)
    if (!isReady) await untilMigrated(started)
    run.stop.throwIfAborted()
    await (running.work = startWorking(started.deps, run.stop))
    await untilStopped(run.stop)
  } finally {
    const work = await running.work?.catch(() => undefined) // a start under way finishes first
    await work?.close()
    if (running.app) await closeGracefully(running.app)
    await started.close()
  }
})

/** Opens METRICS_PORT, if there is one. */
async function serveMetrics({ config, deps }: Boot, running: { app?: WorkerApp }): Promise<void> {
  const { host, metricsPort: port } = config.http
  if (port === undefined) return
  running.app = await buildWorkerApp(deps)
  await listen(running.app, { host, port, variable: 'METRICS_PORT', what: 'Metrics and health' })
}

async function untilMigrated(started: Boot): Promise<void> {
  const { stop } = started
  do {
    await sleep(2000, undefined, { signal: stop }).catch(() => stop.throwIfAborted())
  } while (!(await hasSchema(started).catch(() => false)))
}

async function runOnce({ deps }: Boot): Promise<void> {
  const report = flags.force ? await runLandingTtl(deps, { forced: true }) : await planLandingTtl(deps)
  process.stdout.write(describePlan(report))
}
