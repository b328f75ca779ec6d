/**
 * Measures the Director's numbers on the data of `npm run bench:seed-large`, over HTTP against the built program in production
 * mode: the overview, cached and not; a refresh of the views, and whoever reads and writes meanwhile; the first page of every
 * report; and an export of a million rows, with the memory of the worker that writes it.
 *
 *   npm run bench:reports -- [--scale 1] [--database postgres://…] [--rounds 40] [--export-rows 1000000]
 *                            [--parts overview,reports,refresh,export] [--check]
 *
 * --check exits with 1 when a target is missed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { readArguments } from '../src/commands/usage.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { refreshKpis } from '../src/finance/refresh.ts'
import { loadConfig } from '../src/platform/config.ts'
import { sql } from '../src/platform/db.ts'
import { openLog } from '../src/platform/log.ts'
import { REPORTS } from '../src/reports/list.ts'
import { FIRST_TENTH, fillUses } from './export-data.ts'
import { ENVIRONMENT } from './http-rows.ts'
import { createAccounts, logInEach, startServer, type Accounts, type Server } from './http-site.ts'
import { fillLarge, LAST_DAY, readScale, SCALE } from './large-data.ts'
import { createDatabase, readArgumentsOf, startMachine } from './machine.ts'
import { readResidentMb } from './processes.ts'
import { timeRequest, timeTimes, timeUntil, type Request, type Times } from './timing.ts'

const TARGET = { cachedMs: 15, uncachedMs: 150, refreshMs: 60_000, pageMs: 300, exportMb: 150 }
const { flags } = readArguments({
  command: 'npm run bench:reports',
  does: "Measures the Director's overview, views, reports and exports on the data of a large installation.",
  flags: {
    scale: SCALE,
    database: { kind: 'text', value: 'ADDRESS', description: 'A database that bench:seed-large has filled.' },
    rounds: { kind: 'whole', default: '40', description: 'Requests of each kind.' },
    'export-rows': { kind: 'whole', default: '1000000', description: 'Rows of the export.' },
    parts: { kind: 'text', default: 'overview,reports,refresh,export', description: 'What is measured.' },
    check: { kind: 'switch', description: 'Exits with code 1 when a target is missed.' },
  },
  variables: ['REDIS_URL'],
})
const organizers = readScale(flags.scale)
const rounds = Number(flags.rounds)
const exportRows = Number(flags['export-rows'])
const parts = flags.parts.split(',')

const OVERVIEWS = {
  all: '/director/overview',
  '90 days': `/director/overview?from=2026-08-26&to=${LAST_DAY}`,
  'a month of last year': '/director/overview?from=2025-10-01&to=2025-10-31',
  'one organizer': `/director/overview?organizerId=org_${'0'.repeat(31)}7`,
}

type Site = { env: Record<string, string>; deps: Deps; accounts: Accounts }
let missed = 0
const machine = await startMachine()
try {
  const site = await openSite(flags.database ?? (await fillDatabase()))
  if (parts.includes('overview')) await measureOverview(site)
  if (parts.includes('reports')) await measureReports(site)
  if (parts.includes('refresh')) await measureRefresh(site)
  await site.deps.close()
  if (parts.includes('export')) await measureExport()
} finally {
  await machine.stop()
}
process.exit(flags.check && missed > 0 ? 1 : 0)

async function fillDatabase(): Promise<string> {
  const databaseUrl = await createDatabase(machine.databaseUrl, 'bench_large')
  const startedMs = performance.now()
  await useClient(databaseUrl, (client) => fillLarge(client, { organizers, seed: 1 }, () => {}))
  process.stdout.write(`filled in ${Math.round((performance.now() - startedMs) / 1000)} s\n`)
  return databaseUrl
}

async function useClient(databaseUrl: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await work(client)
  await client.end()
}

async function openSite(databaseUrl: string): Promise<Site> {
  const env = {
    ...ENVIRONMENT,
    DATABASE_URL: databaseUrl,
    KPI_REFRESH_INTERVAL_MINUTES: '1440',
    ...(machine.redisUrl ? { REDIS_URL: machine.redisUrl } : {}),
  }
  const config = loadConfig({ ...env, LOG_LEVEL: 'error' })
  const deps = openDeps(config, openLog(config.log), { databaseUrl, isTool: true })
  await sql`insert into organizers (id, name) values ('org_bench', 'Banco de pruebas') on conflict do nothing`.execute(
    deps.db,
  )
  await sql`delete from users where email like '%@example.com'`.execute(deps.db)
  return { env, deps, accounts: await createAccounts(deps) }
}

/** Runs an API with this environment, and gives what a Director needs to ask it. */
async function useApi(
  { env, deps, accounts }: Site,
  extra: Record<string, string>,
  work: (api: Server, token: string) => Promise<void>,
): Promise<void> {
  const api = await startServer(await readArgumentsOf('start'), { ...env, ...extra }, '/health')
  try {
    await work(api, (await logInEach(deps, accounts)).director)
  } finally {
    await api.stop()
  }
}

async function measureOverview(site: Site): Promise<void> {
  await useApi(site, { DIRECTOR_CACHE_TTL_SECONDS: '3600' }, async ({ url }, token) => {
    const times = await timeTimes(url, { path: OVERVIEWS.all, token }, 5 * rounds)
    tell('overview, cached', times, 'p50', TARGET.cachedMs)
  })
  await useApi(site, { DIRECTOR_CACHE_TTL_SECONDS: '0' }, async ({ url }, token) => {
    for (const [name, path] of Object.entries(OVERVIEWS))
      tell(`overview, not cached, ${name}`, await timeTimes(url, { path, token }, rounds), 'p95', TARGET.uncachedMs)
  })
}

async function measureReports(site: Site): Promise<void> {
  await useApi(site, {}, async ({ url }, token) => {
    for (const { name, isSeries } of REPORTS) {
      const path = `/director/reports/${name}${isSeries ? `?to=${LAST_DAY}` : ''}`
      tell(`report ${name}`, await timeTimes(url, { path, token }, rounds), 'p95', TARGET.pageMs)
    }
  })
}

/** The refresh as the worker does it, after changes in every view, while two read and one writes. */
async function measureRefresh(site: Site): Promise<void> {
  const { deps } = site
  await sql`
    update deliveries
       set status = 'delivered', delivered_at = sent_at
     where id in (select id from deliveries where status = 'sent' order by id limit 20000)`.execute(deps.slowDb)
  await useApi(site, {}, async ({ url }, token) => {
    const amount = { amountCents: 150_000, currency: 'MXN' }
    const kinds: Record<string, () => Request> = {
      'payments by hand': () => ({ path: '/director/payments', token, body: { ...amount, organizerId: 'org_bench' } }),
      overview: () => ({ path: OVERVIEWS.all, token }),
      guests: () => ({ path: `/events/EV-${Math.floor(Math.random() * organizers * 10)}/guests`, token }),
    }
    const timeAll = async (isOver: () => boolean) => {
      const entries = Object.entries(kinds)
      const times = await Promise.all(entries.map(([, next]) => timeUntil(url, next, isOver)))
      return new Map(entries.map(([name], n) => [name, times[n]!]))
    }
    const untilMs = performance.now() + 5000
    const before = await timeAll(() => performance.now() > untilMs)
    let isOver = false
    const startedMs = performance.now()
    const refreshing = refreshKpis(deps, { ifBusy: 'wait' }).finally(() => (isOver = true))
    const [views, during] = await Promise.all([refreshing, timeAll(() => isOver)])
    const tookMs = performance.now() - startedMs
    say('refresh of the views', `${Math.round(tookMs)} ms`, tookMs, TARGET.refreshMs)
    for (const { viewName, tookMs: ms } of views!) process.stdout.write(`  ${viewName}: ${ms} ms\n`)
    for (const [name, times] of during) {
      process.stdout.write(`  ${name}, before: ${describe(before.get(name)!)}\n`)
      process.stdout.write(`  ${name}, during: ${describe(times)}\n`)
    }
  })
}

/** A tenth first, so that the memory of both can be compared. */
async function measureExport(): Promise<void> {
  const databaseUrl = await createDatabase(machine.databaseUrl, 'bench_export')
  await useClient(databaseUrl, (client) => fillUses(client, exportRows))
  const site = await openSite(databaseUrl)
  await useApi(site, {}, async ({ url }, token) => {
    const worker = await startServer(await readArgumentsOf('start:worker'), site.env, '/health')
    await sleep(10_000) // what a worker does at its start
    const beforeMb = await readResidentMb(worker.pid)
    for (const format of ['csv', 'xlsx'])
      for (const filters of [{ to: FIRST_TENTH }, {}]) {
        const { rowsDone, bytes, peakMb, ms } = await runExport(url, token, worker, { format, filters })
        const size = `${rowsDone} rows, ${Math.round(bytes / 1e6)} MB in ${Math.round(ms / 1000)} s`
        say(
          `export as ${format}, ${size}`,
          `${Math.round(beforeMb)} MB before, at most ${Math.round(peakMb)} MB`,
          peakMb - beforeMb,
          TARGET.exportMb,
          'MB more, at most',
        )
      }
    await worker.stop()
  })
  await site.deps.close()
}

type Export = { exportId: string; status: string; rowsDone: number; bytes: number }

async function runExport(url: string, token: string, worker: Server, request: object) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ report: 'tickets-usage', ...request })
  const startedMs = performance.now()
  let peakMb = 0
  const made = await fetch(`${url}/director/exports`, { method: 'POST', headers, body })
  let shown = (await made.json()) as Export
  while (shown.status !== 'completed') {
    if (shown.status === 'failed' || !shown.exportId) throw new Error(`the export failed: ${JSON.stringify(shown)}`)
    peakMb = Math.max(peakMb, await readResidentMb(worker.pid))
    await sleep(50)
    shown = (await (await fetch(`${url}/director/exports/${shown.exportId}`, { headers })).json()) as Export
  }
  const ms = performance.now() - startedMs
  await timeRequest(url, { path: `/director/exports/${shown.exportId}/download`, token })
  return { ...shown, peakMb, ms }
}

function tell(name: string, times: Times, which: 'p50' | 'p95', targetMs: number): void {
  say(name, describe(times), times[which], targetMs, which)
}

function say(name: string, measured: string, value: number, target: number, which = 'at most'): void {
  const isMissed = value > target
  if (isMissed) missed++
  process.stdout.write(`${isMissed ? 'MISSED' : 'ok    '} ${name}: ${measured} (${which} ${target})\n`)
}

function describe({ p50, p95, max, count }: Times): string {
  return `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, max ${max.toFixed(1)} ms of ${count}`
}
