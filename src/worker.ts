/** npm run start:worker — queue workers, metrics and the clock; or one run of the landing TTL job. */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { boot, endOnSignal, hasSchema, prepareSchema, runProgram, type Boot } from './commands/boot.ts'
import { readEnvironment } from './platform/config.ts'
import { BootError } from './deps.ts'
import { startWorking } from './jobs.ts'
import { describePlan, planLandingTtl, runLandingTtl } from './landing/ttl.ts'

const HELP = `Usage: npm run start:worker [-- --dry-run | --force | --help]

  (no flag)   runs the queue workers, the metrics and the clock until SIGTERM
  --dry-run   prints what the landing TTL job would change now, changes nothing, exits
  --force     runs the landing TTL job once now, ignoring its lock, exits
  --help      this text

The environment is described in docs/docker-env.md.
`

await runProgram(async () => {
  const flags = readFlags()
  if (flags.help) return void process.stdout.write(HELP)
  const isOnce = flags.dryRun || flags.force
  // A report on stdout must be all there is on stdout, so that it can be piped.
  const started = await boot({
    env: readEnvironment(),
    role: isOnce ? 'tool' : 'worker',
    ...(isOnce ? { logTo: process.stderr } : {}),
  })
  try {
    // A dry run changes nothing, so it does not migrate either.
    const isReady = flags.dryRun ? await hasSchema(started) : (await prepareSchema(started)).isReady
    if (isOnce && !isReady) throw new BootError('The schema is older than this program: run npm run migrate first.')
    if (isOnce) return await runOnce(started, flags.force)
    await work(started, isReady)
  } catch (error) {
    await started.close()
    throw error
  }
})

async function work(started: Boot, isSchemaReady: boolean): Promise<void> {
  const { config, log, deps } = started
  const running: { work?: ReturnType<typeof startWorking> } = {}
  endOnSignal(config, log, async () => {
    const work = await running.work?.catch(() => undefined)
    await work?.close()
    await started.close()
  })
  while (!isSchemaReady) {
    await sleep(2000)
    isSchemaReady = await hasSchema(started).catch(() => false)
  }
  await (running.work = startWorking(deps))
}

async function runOnce({ deps, close }: Boot, isForced: boolean): Promise<void> {
  const report = isForced ? await runLandingTtl(deps, { forced: true }) : await planLandingTtl(deps)
  process.stdout.write(describePlan(report))
  await close()
}

function readFlags() {
  try {
    const { values } = parseArgs({
      options: { 'dry-run': { type: 'boolean' }, force: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values['dry-run'] && values.force) throw new Error('--dry-run and --force exclude each other')
    return { dryRun: values['dry-run'] ?? false, force: values.force ?? false, help: values.help ?? false }
  } catch (error) {
    throw new BootError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
  }
}
