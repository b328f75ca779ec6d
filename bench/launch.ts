/**
 * Measures launch, pause, resume and cancel of a campaign with ten thousand guests while a worker sends: the time until the
 * response, and until the last message that is sent after a pause or cancel.
 *
 *   npm run bench:launch -- [--guests 10000] [--backend redis|postgres] [--check]
 *
 * --check exits with 1 when the launch takes more than 3 s, when a message is sent more than 5 s after a pause or cancel, or
 * when none is sent within 5 s of a resume.
 */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildApp } from '../src/app.ts'
import { readArguments } from '../src/commands/usage.ts'
import { loadConfig } from '../src/platform/config.ts'
import { sql, type Db } from '../src/platform/db.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { openLog } from '../src/platform/log.ts'
import { createDatabase, seedGuests, startMachine } from './machine.ts'

const LAUNCH_MAX_SECONDS = 3
const STEER_MAX_SECONDS = 5
const EVENT_ID = 'ev_launch'

const { flags } = readArguments({
  command: 'npm run bench:launch',
  does: 'Measures launch, pause, resume and cancel of a campaign beside a worker that sends.',
  flags: {
    guests: { kind: 'whole', default: '10000', description: 'Guests of the campaign.' },
    backend: { kind: 'text', choices: ['redis', 'postgres'], default: 'redis', description: 'Queue backend.' },
    check: { kind: 'switch', description: 'Exits with code 1 when something takes longer than its target.' },
  },
  variables: ['REDIS_URL'],
})
const guests = Number(flags.guests)
const machine = await startMachine()
let isTooSlow = false
try {
  isTooSlow = await measure()
} finally {
  await machine.stop()
}
process.exit(flags.check && isTooSlow ? 1 : 0)

async function measure(): Promise<boolean> {
  const databaseUrl = await createDatabase(machine.databaseUrl, 'bench_launch')
  const env = {
    APP_ENV: 'test',
    AUTH_MODE: 'demo',
    DATABASE_URL: databaseUrl,
    SIMULATOR: 'true',
    DELIVERY_QUIET_HOURS: 'off',
    LOG_LEVEL: 'error',
    ...(flags.backend === 'redis' && machine.redisUrl ? { REDIS_URL: machine.redisUrl } : {}),
  }
  const config = loadConfig(env)
  const deps = openDeps(config, openLog(config.log), { databaseUrl })
  await deps.queues.ready(30_000)
  await seedGuests(deps, EVENT_ID, guests)
  const worker = spawn(process.execPath, ['dist/worker.js'], { env: { ...process.env, ...env }, stdio: 'inherit' })
  const hasExited = new Promise((resolve) => worker.once('exit', resolve))
  const app = await buildApp(deps)
  try {
    return await steer(deps, async (path, body) => {
      const reply = await app.inject({ method: 'POST', url: path, ...(body ? { payload: body } : {}) })
      if (reply.statusCode >= 300) throw new Error(`${path} answered ${reply.statusCode}: ${reply.body}`)
      return reply.json<Record<string, string | number>>()
    })
  } finally {
    worker.kill('SIGTERM')
    await hasExited
    await app.close()
    await deps.close()
  }
}

type Post = (path: string, body?: object) => Promise<Record<string, string | number>>

async function steer({ db }: Deps, post: Post): Promise<boolean> {
  const asked = { template: 'event_invitation', channel: 'auto', filter: {} }
  const campaigns = `/events/${EVENT_ID}/campaigns`
  const { preflightId } = await post(campaigns, { ...asked, dryRun: true })
  const launch = await timed(() => post(campaigns, { ...asked, preflightId }))
  const id = String(launch.value['campaignId'])
  const seconds = { launch: launch.seconds, pause: 0, resume: 0, cancel: 0 }
  await waitForMore(db, 0)
  seconds.pause = await measureStop(db, () => post(`/campaigns/${id}/pause`))
  const before = await countStarted(db)
  seconds.resume = (
    await timed(async () => {
      await post(`/campaigns/${id}/resume`)
      await waitForMore(db, before)
    })
  ).seconds
  seconds.cancel = await measureStop(db, () => post(`/campaigns/${id}/cancel`))
  const left = guests - (await countStarted(db))
  for (const [step, value] of Object.entries(seconds)) {
    const max = step === 'launch' ? LAUNCH_MAX_SECONDS : STEER_MAX_SECONDS
    process.stdout.write(`${flags.backend} ${step} of ${guests}: ${value.toFixed(2)} s (at most ${max})\n`)
  }
  process.stdout.write(`${left} of ${guests} had not been sent when the campaign was cancelled\n`)
  if (left === 0)
    throw new Error('every message was sent before the cancel, so nothing was measured: use more --guests')
  return (
    seconds.launch > LAUNCH_MAX_SECONDS || Math.max(seconds.pause, seconds.resume, seconds.cancel) > STEER_MAX_SECONDS
  )
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const startedMs = performance.now()
  const value = await work()
  return { value, seconds: (performance.now() - startedMs) / 1000 }
}

/** Seconds from the request to the start of the last attempt after it, or to the response when there was none. */
async function measureStop(db: Db, ask: () => Promise<unknown>): Promise<number> {
  const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(db)
  const at = rows[0]!.at
  const { seconds } = await timed(ask)
  await sleep(STEER_MAX_SECONDS * 1000 + 1000)
  const { rows: last } = await sql<{ seconds: number | null }>`
    select extract(epoch from max(started_at) - ${at}::timestamptz)::double precision as seconds from delivery_attempts
     where started_at > ${at}`.execute(db)
  return Math.max(seconds, last[0]!.seconds ?? 0)
}

async function countStarted(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from deliveries where event_id = ${EVENT_ID} and attempts > 0`.execute(db)
  return rows[0]!.n
}

async function waitForMore(db: Db, than: number): Promise<void> {
  const untilMs = performance.now() + 60_000
  while ((await countStarted(db)) <= than) {
    if (performance.now() > untilMs) throw new Error('no message was sent within a minute')
    await sleep(20)
  }
}
