import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { Type } from 'typebox'
import { backends, startApp, type AppOptions } from '../../test/harness.ts'
import { newId } from './db.ts'
import { GiveUp } from './errors.ts'
import { openLog } from './log.ts'
import { startWorkers } from './queue-workers.ts'
import { backoffMs, defineJob, openQueues, type Job, type Queues } from './queue.ts'

type Run = { data: { id: string }; atMs: number }
type Death = { name: string; data: unknown; attempts: number; reason: string }

/** A job that records its runs. `act` decides how a run ends. */
function aJob(act: (run: number, release: () => void) => unknown = () => 'done') {
  const runs: Run[] = []
  const job = defineJob({
    name: newId('test-job'),
    queue: 'paymentsQueue',
    data: Type.Object({ id: Type.String() }, { additionalProperties: false }),
    async run(_deps, data, { release = () => {} }) {
      runs.push({ data, atMs: performance.now() })
      return act(runs.length, release)
    },
  })
  return { job, runs }
}

/** Starts workers for these jobs only. `deaths` collects the calls of onDead. */
async function work(t: TestContext, options: AppOptions, ...jobs: Job[]) {
  const { deps } = await startApp(t, { env: { QUEUE_BACKOFF_DELAY_MS: '100' }, ...options })
  const deaths: Death[] = []
  const workers = await startWorkers(deps, jobs, async (death) => void deaths.push(death))
  t.after(() => workers.close())
  return { deps, deaths, workers, names: new Set(jobs.map(({ name }) => name)) }
}

async function until(what: string, isTrue: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  for (const startedMs = performance.now(); !(await isTrue()); await sleep(20)) {
    if (performance.now() - startedMs > limitMs) throw new Error(`timed out waiting until ${what}`)
  }
}

const FAILED = /failed for the last time/
const asJob = (job: unknown) => job as Job

for (const backend of backends) {
  test(`${backend}: an enqueued job runs once with its data`, async (t) => {
    const { job, runs } = aJob()
    const { deps, deaths } = await work(t, { backend }, asJob(job))
    const id = newId('t')

    const jobId = await deps.queues.enqueue(job, { id }, { id })

    await until('the job ran', () => runs.length > 0)
    await sleep(200)
    assert.equal(jobId, id)
    assert.deepEqual(
      runs.map(({ data }) => data),
      [{ id }],
    )
    assert.deepEqual(deaths, [])
  })

  test(`${backend}: two jobs with one id run once, and the id can be used again after the run`, async (t) => {
    const { job, runs } = aJob()
    const { deps } = await work(t, { backend }, asJob(job))
    const id = newId('t')
    await Promise.all([1, 2, 3].map(() => deps.queues.enqueue(job, { id }, { id, delayMs: 1500 })))
    await until('the job ran', () => runs.length > 0)
    await sleep(200)
    assert.equal(runs.length, 1)

    await deps.queues.enqueue(job, { id }, { id })

    await until('the job ran again', () => runs.length === 2)
  })

  test(`${backend}: a delayed job does not run early`, async (t) => {
    const { job, runs } = aJob()
    const { deps } = await work(t, { backend }, asJob(job))
    const startedMs = performance.now()

    await deps.queues.enqueue(job, { id: 'x' }, { id: newId('t'), delayMs: 600 })

    await until('the job ran', () => runs.length > 0)
    assert.ok(runs[0]!.atMs - startedMs > 590, `${runs[0]!.atMs - startedMs}`)
  })

  test(`${backend}: enqueueMany runs every item`, async (t) => {
    const { job, runs } = aJob()
    const { deps } = await work(t, { backend }, asJob(job))
    const ids = Array.from({ length: 120 }, () => newId('t'))

    await deps.queues.enqueueMany(
      job,
      ids.map((id) => ({ id, data: { id } })),
    )

    await until('all ran', () => runs.length >= ids.length)
    assert.deepEqual(runs.map(({ data }) => data.id).sort(), ids.toSorted())
  })

  test(`${backend}: an urgent job runs before all waiting ones`, async (t) => {
    const { job, runs } = aJob()
    const { deps } = await startApp(t, { backend })
    await deps.queues.enqueueMany(
      job,
      Array.from({ length: 200 }, () => newId('t')).map((id) => ({ id, data: { id } })),
    )
    await deps.queues.enqueueMany(job, [{ id: newId('t'), data: { id: 'urgent' }, isUrgent: true }])

    await work(t, { backend }, asJob(job))

    await until('all ran', () => runs.length > 200)
    const place = runs.findIndex(({ data }) => data.id === 'urgent')
    assert.ok(place <= deps.config.queue.concurrency, `place ${place}`)
  })

  test(`${backend}: a job that gives up is dead without a retry`, async (t) => {
    const { job, runs } = aJob(() => {
      throw new GiveUp('not_on_whatsapp')
    })
    const { deps, deaths } = await work(t, { backend, expectErrors: FAILED }, asJob(job))

    await deps.queues.enqueue(job, { id: 'x' }, { id: newId('t') })

    await until('it is dead', () => deaths.length > 0)
    await sleep(500)
    assert.equal(runs.length, 1)
    assert.deepEqual(deaths, [{ name: job.name, data: { id: 'x' }, attempts: 1, reason: 'not_on_whatsapp' }])
  })

  test(`${backend}: a job that throws runs three times with doubling backoff and is then dead`, async (t) => {
    const { job, runs } = aJob(() => {
      throw new Error('no luck')
    })
    const env = { QUEUE_BACKOFF_DELAY_MS: '400' }
    const { deps, deaths } = await work(t, { backend, env, expectErrors: FAILED }, asJob(job))

    await deps.queues.enqueue(job, { id: 'x' }, { id: newId('t') })

    await until('it is dead', () => deaths.length > 0)
    await sleep(500)
    const [first, second, third] = runs.map(({ atMs }) => atMs)
    assert.equal(runs.length, 3)
    assert.deepEqual(deaths, [{ name: job.name, data: { id: 'x' }, attempts: 3, reason: 'no luck' }])
    assert.ok(second! - first! >= 320, `first pause ${second! - first!}`)
    assert.ok(third! - second! >= 640, `second pause ${third! - second!}`)
  })

  test(`${backend}: a job that fails once and then succeeds is not dead`, async (t) => {
    const { job, runs } = aJob((run) => {
      if (run === 1) throw new Error('hiccup')
    })
    const { deps, deaths } = await work(t, { backend }, asJob(job))

    await deps.queues.enqueue(job, { id: 'x' }, { id: newId('t') })

    await until('it ran twice', () => runs.length === 2)
    await sleep(300)
    assert.equal(runs.length, 2)
    assert.deepEqual(deaths, [])
  })

  test(`${backend}: enqueueing data that does not fit the schema throws`, async (t) => {
    const { job } = aJob()
    const { deps } = await work(t, { backend }, asJob(job))

    await assert.rejects(deps.queues.enqueue(job, { id: 5 } as never, { id: newId('t') }))
    await assert.rejects(deps.queues.enqueue(job, { id: 'x', phone: '+525512345678' } as never, { id: newId('t') }))
    assert.equal(deps.queues.lostJobs(), 0)
  })

  test(`${backend}: a job in the queue whose data does not fit the schema is not run`, async (t) => {
    const { job, runs } = aJob()
    const wider = defineJob({ ...job, data: Type.Object({}) })
    const { deps, deaths } = await work(t, { backend, expectErrors: FAILED }, asJob(job))

    await deps.queues.enqueue(wider, { id: 5 }, { id: newId('t') })

    await until('it is dead', () => deaths.length > 0)
    assert.equal(runs.length, 0)
    assert.match(deaths[0]!.reason, /does not fit/)
  })

  test(`${backend}: an unknown job is dead at once`, async (t) => {
    const { job } = aJob()
    const { job: stranger } = aJob()
    const { deps, deaths } = await work(t, { backend, expectErrors: FAILED }, asJob(job))

    await deps.queues.enqueue(stranger, { id: 'x' }, { id: newId('t') })

    await until('it is dead', () => deaths.length > 0)
    assert.deepEqual(
      deaths.map(({ name, attempts }) => [name, attempts]),
      [[stranger.name, 1]],
    )
    assert.match(deaths[0]!.reason, /unknown job/)
  })

  test(`${backend}: closing the workers waits for the running job`, async (t) => {
    let isDone = false
    const { job, runs } = aJob(async () => {
      await sleep(700)
      isDone = true
    })
    const { deps, workers } = await work(t, { backend }, asJob(job))
    await deps.queues.enqueue(job, { id: 'x' }, { id: newId('t') })
    await until('it runs', () => runs.length > 0)

    await workers.close()

    assert.equal(isDone, true)
  })

  test(`${backend}: after a job's release the next one starts, and closing waits for both`, async (t) => {
    const ended: number[] = []
    const { job, runs } = aJob(async (run, release) => {
      release()
      await sleep(1500)
      ended.push(run)
    })
    const { deps, workers } = await work(t, { backend, env: { WORKER_CONCURRENCY: '1' } }, asJob(job))
    const ids = [newId('t'), newId('t'), newId('t')]
    for (const id of ids.slice(0, 2)) await deps.queues.enqueue(job, { id }, { id })
    await until('the second ran meanwhile', () => runs.length === 2)
    await deps.queues.enqueue(job, { id: ids[2]! }, { id: ids[2]! })
    await sleep(300)
    const startedBesides = runs.length

    await workers.close()

    assert.equal(startedBesides, 2, 'as many again as run may be unfinished, and no more')
    assert.deepEqual(ended, [1, 2])
  })

  test(`${backend}: a failure after the release is logged and not retried`, async (t) => {
    const { job, runs } = aJob(async (_run, release) => {
      release()
      await sleep(50)
      throw new Error('after the release')
    })
    const { deps, deaths, names } = await work(t, { backend, expectErrors: /after its release|last time/ }, asJob(job))
    await deps.queues.enqueue(job, { id: 'x' }, { id: newId('t') })
    await until('it ran', () => runs.length > 0)

    await sleep(800)

    assert.deepEqual([runs.length, deaths.filter(({ name }) => names.has(name))], [1, []])
  })

  test(`${backend}: workers and jobs are counted`, async (t) => {
    const { job } = aJob()
    const { deps } = await work(t, { backend }, asJob(job))

    await deps.queues.enqueue(job, { id: 'x' }, { id: newId('t'), delayMs: 60_000 })

    await until('a worker is seen', async () => (await deps.queues.countWorkers('paymentsQueue')) > 0)
    assert.ok((await deps.queues.count('paymentsQueue')).delayed >= 1)
  })
}

/** Queues whose server is down: nothing listens on port 1. */
function openAway(backend: 'postgres' | 'redis', lines: string[]): Queues {
  const stream = { write: (line: string) => Boolean(lines.push(line)) } as NodeJS.WritableStream
  const redis = { url: backend === 'redis' ? 'redis://127.0.0.1:1' : undefined }
  const database = { url: 'postgres://nobody@127.0.0.1:1/nothing' }
  return openQueues({ redis, database }, openLog({ format: 'json', level: 'debug' }, stream))
}

for (const backend of ['postgres', 'redis'] as const) {
  test(`${backend} is down: enqueueing returns soon, does not throw and counts the job as lost`, async (t) => {
    const lines: string[] = []
    const queues = openAway(backend, lines)
    t.after(() => queues.close())
    const { job } = aJob()
    const startedMs = performance.now()

    for (let n = 0; n < 5; n++) await queues.enqueue(job, { id: 'x' }, { id: newId('t') })
    await queues.enqueueMany(
      job,
      [1, 2, 3].map(() => ({ id: newId('t'), data: { id: 'x' } })),
    )

    assert.ok(performance.now() - startedMs < 3000, `${performance.now() - startedMs}`)
    assert.equal(queues.lostJobs(), 8)
    assert.equal(queues.backend, backend)
  })

  test(`${backend} is down: ready() rejects in time, and the log has one line`, async (t) => {
    const lines: string[] = []
    const queues = openAway(backend, lines)
    t.after(() => queues.close())

    await assert.rejects(queues.ready(1500))

    assert.ok(lines.length >= 1 && lines.length <= 5, `${lines.length} lines`)
    assert.match(lines[0]!, /not reachable/)
  })
}

test('postgres: queues that are opened while the database is down become ready once it is up', async (t) => {
  const { deps } = await startApp(t)
  const door = await openDoor(t, new URL(deps.databaseUrl))
  const queues = openQueues({ redis: { url: undefined }, database: { url: door.url } }, deps.log)
  t.after(() => queues.close())
  const { job } = aJob()
  await queues.enqueue(job, { id: 'x' }, { id: newId('t') })
  assert.equal(queues.lostJobs(), 1)

  await door.open()
  await queues.ready(10_000)
  await queues.enqueue(job, { id: 'x' }, { id: newId('t') })

  assert.equal(queues.lostJobs(), 1)
  assert.equal((await queues.count('paymentsQueue')).waiting >= 1, true)
})

/** A TCP proxy to the database that refuses connections until it is opened. */
async function openDoor(t: TestContext, address: URL) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const there = connect(Number(address.port), address.hostname)
    for (const end of [socket, there]) {
      sockets.add(end)
      end.on('error', () => {})
    }
    socket.pipe(there).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = new URL(address)
  url.host = `127.0.0.1:${port}`
  return {
    url: url.toString(),
    open: () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve)),
  }
}

test('the backoff doubles with 20 % jitter, up to an hour', () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((attempt) => backoffMs(2000, attempt, 0.5)),
    [2000, 4000, 8000, 16_000],
  )
  assert.deepEqual(
    [0, 1].map((random) => backoffMs(1000, 1, random)),
    [800, 1200],
  )
  assert.equal(backoffMs(2000, 50, 0.5), 3_600_000)
})
