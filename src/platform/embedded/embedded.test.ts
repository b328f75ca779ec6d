import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { EmbeddedFailure, startEmbedded, type EmbeddedOptions } from './embedded.ts'
import { findNative } from './home.ts'
import { isPostgresOf } from './process.ts'

const isRoot = process.getuid?.() === 0
const notRoot = isRoot ? false : 'only root can use other accounts'
const settings = { fsync: 'off' }
const checkout = fileURLToPath(new URL('../../..', import.meta.url))
const made: string[] = []

after(() => {
  for (const folder of made) fs.rmSync(folder, { recursive: true, force: true })
})

/** Creates a folder that every account may enter by default. */
function makeParent(mode = 0o755): string {
  const parent = fs.realpathSync(fs.mkdtempSync(path.join(tmpdir(), 'embedded-test-')))
  fs.chmodSync(parent, mode)
  made.push(parent)
  return parent
}

function start(folder: string, more: Partial<EmbeddedOptions> = {}) {
  return startEmbedded({ folder, log: () => {}, settings, ...more })
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

const readPid = (folder: string) =>
  Number(fs.readFileSync(path.join(folder, 'postgres/postmaster.pid'), 'utf8').split('\n')[0])
const modeOf = (file: string) => (fs.statSync(file).mode & 0o777).toString(8)

/** Runs code in another Node process, which prints lines of JSON. */
function runNode(code: string, more: { uid?: number; gid?: number } = {}) {
  const source = `
    import { startEmbedded } from ${JSON.stringify(new URL('./embedded.ts', import.meta.url).href)}
    const say = (value) => console.log(JSON.stringify(value))
    const start = (folder, more) =>
      startEmbedded({ folder, log: () => {}, settings: { fsync: 'off' }, ...more })
    ${code}`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...more,
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => JSON.parse(String((await lines.next()).value)) as Record<string, unknown>
  return { child, answer }
}

async function waitForEnd(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve))
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await waitForEnd(child)
}

async function listen(port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

test('the server is private and strict, and the next start finds its data', async (t) => {
  const folder = path.join(makeParent(), '.data')
  const beganMs = performance.now()
  const first = await start(folder, { settings: {} })
  const firstMs = performance.now() - beganMs
  t.diagnostic(`first start ${Math.round(firstMs)} ms`)
  assert.ok(firstMs < 8000)
  assert.equal(first.adopted, false)
  assert.equal(first.url, first.url.match(/^postgres:\/\/postgres:[\w-]{32,}@127\.0\.0\.1:\d+\/monotickets$/)?.[0])

  const [row] = await query(
    first.url,
    `select current_database() as name, current_setting('server_encoding') as encoding,
      current_setting('timezone') as zone, current_setting('fsync') as fsync,
      current_setting('listen_addresses') as host, current_setting('unix_socket_directories') as socket,
      current_setting('max_connections') as max, current_setting('shared_buffers') as buffers,
      (select datcollate from pg_database where datname = current_database()) as collate,
      (select count(*)::int from pg_hba_file_rules where auth_method <> 'scram-sha-256') as lax,
      (select left(rolpassword, 13) from pg_authid where rolname = 'postgres') as secret,
      lower('Ñ') as lower`,
  )
  assert.deepEqual(row, {
    name: 'monotickets',
    encoding: 'UTF8',
    zone: 'UTC',
    fsync: 'on',
    host: '127.0.0.1',
    socket: '',
    max: '100',
    buffers: '128MB',
    collate: 'C',
    lax: 0,
    secret: 'SCRAM-SHA-256',
    lower: 'ñ',
  })
  const wrong = first.url.replace(/postgres:[\w-]+@/, 'postgres:wrong@')
  await assert.rejects(query(wrong, 'select'), { code: '28P01' })

  assert.equal(modeOf(path.join(folder, 'postgres.json')), '600')
  assert.equal(modeOf(path.join(folder, 'postgres')), '700')
  assert.equal(modeOf(path.join(folder, 'postgres.log')), '600')
  assert.equal(fs.statSync(path.join(folder, 'postgres.json')).uid, process.getuid?.())
  assert.deepEqual(fs.readdirSync(folder).sort(), ['lock', 'postgres', 'postgres.json', 'postgres.log'])
  assert.ok(fs.readFileSync(path.join(folder, 'lock'), 'utf8').startsWith(`${process.pid}\n`))
  // The server has its own process group, so Ctrl-C and a closed terminal do not reach it.
  const fields = fs
    .readFileSync(`/proc/${readPid(folder)}/stat`, 'utf8')
    .split(') ')[1]
    ?.split(' ')
  assert.equal(Number(fields?.[2]), readPid(folder))

  await query(first.url, 'create table kept as select 42 as answer')
  await first.stop()
  await first.stop()
  await assert.rejects(query(first.url, 'select'), { code: 'ECONNREFUSED' })
  assert.deepEqual(fs.readdirSync(folder).sort(), ['postgres', 'postgres.json', 'postgres.log'])

  fs.truncateSync(path.join(folder, 'postgres.log'), 11_000_000)
  const againMs = performance.now()
  const second = await start(folder, { settings: {} })
  const secondMs = performance.now() - againMs
  t.diagnostic(`second start ${Math.round(secondMs)} ms`)
  assert.ok(secondMs < 2000)
  assert.ok(fs.statSync(path.join(folder, 'postgres.log')).size < 100_000)
  assert.deepEqual(await query(second.url, 'select answer from kept'), [{ answer: 42 }])
  await second.stop()
  assert.match(fs.readFileSync(path.join(folder, 'postgres.log'), 'utf8'), /database system is shut down/)
})

test('the server of a killed process is adopted; the folder of a running process is rejected', async () => {
  const folder = path.join(makeParent(), '.data')
  const owner = runNode(`say(await start(${JSON.stringify(folder)})); setInterval(() => {}, 1000)`)
  const { url } = await owner.answer()
  const pid = readPid(folder)
  await assert.rejects(start(folder), (error) => {
    assert.ok(error instanceof EmbeddedFailure)
    assert.equal(
      error.message,
      `Another Monotickets (pid ${owner.child.pid}) already uses ${folder}: ` +
        'stop it first, or start this one with another folder (DATA_FOLDER=…).',
    )
    return true
  })
  await kill(owner.child)
  const adopted = await start(folder)
  assert.equal(adopted.adopted, true)
  assert.equal(adopted.url, url)
  assert.equal(readPid(folder), pid)
  await assert.rejects(start(folder), /already uses/) // also within the same process
  await adopted.stop()
  await assert.rejects(query(adopted.url, 'select'), { code: 'ECONNREFUSED' })
  assert.equal(isPostgresOf(pid, path.join(folder, 'postgres')), false)
})

test('a running server does not keep the process alive, and restarts on a requested port', async () => {
  const folder = path.join(makeParent(), '.data')
  for (const adopted of [false, true]) {
    const one = runNode(`say(await start(${JSON.stringify(folder)}))`)
    assert.equal((await one.answer()).adopted, adopted)
    await waitForEnd(one.child)
    assert.equal(one.child.exitCode, 0)
  }
  const { server, port } = await listen()
  await new Promise((resolve) => server.close(resolve))
  const moved = await start(folder, { port })
  assert.deepEqual([moved.port, moved.adopted], [port, false])
  await moved.stop()
})

test('onExit is called once when the server dies, and the next start recovers', async () => {
  const folder = path.join(makeParent(), '.data')
  const messages: string[] = []
  const onExit = (message: string) => messages.push(message)
  const first = await start(folder, { onExit, settings: {} })
  await query(first.url, 'create table kept as select 42 as answer')
  const sleeping = query(first.url, 'select pg_sleep(60)').catch(() => {})
  await wait(100)
  const pid = readPid(folder)
  process.kill(pid, 'SIGKILL')
  await wait(200)
  assert.equal(messages.length, 1)
  assert.ok(messages[0]?.includes(`pid ${pid}`))
  await first.stop()
  const second = await start(folder, { onExit })
  await sleeping
  assert.equal(second.adopted, false)
  assert.deepEqual(await query(second.url, 'select answer from kept'), [{ answer: 42 }])
  await second.stop()
  assert.equal(messages.length, 1)
})

test('onExit is called when an adopted server dies; a stale pid of another program does not block the start', async () => {
  const folder = path.join(makeParent(), '.data')
  const owner = runNode(`say(await start(${JSON.stringify(folder)})); setInterval(() => {}, 1000)`)
  await owner.answer()
  await kill(owner.child)
  const messages: string[] = []
  const adopted = await start(folder, { onExit: (message) => messages.push(message) })
  const pidFile = path.join(folder, 'postgres/postmaster.pid')
  const stale = fs.readFileSync(pidFile, 'utf8')
  process.kill(readPid(folder), 'SIGKILL')
  await wait(1500)
  assert.equal(messages.length, 1)
  await adopted.stop()
  const uid = fs.statSync(path.join(folder, 'postgres')).uid
  const unrelated = spawn('sleep', ['60'], isRoot ? { uid } : {})
  fs.writeFileSync(pidFile, stale.replace(/^\d+/, String(unrelated.pid)))
  const again = await start(folder)
  await again.stop()
  assert.equal(unrelated.exitCode, null)
  await kill(unrelated)
})

test('an interrupted first start is repeated', async () => {
  const folder = path.join(makeParent(), '.data')
  const first = runNode(`await start(${JSON.stringify(folder)})`)
  const isHalf = () => fs.existsSync(folder) && fs.readdirSync(folder).some((name) => name.includes('.new-'))
  while (!isHalf()) await wait(5)
  await wait(150)
  await kill(first.child)
  assert.ok(!fs.existsSync(path.join(folder, 'postgres')))
  const second = await start(folder)
  assert.equal(second.adopted, false)
  await second.stop()
  const left = fs.readdirSync(folder).filter((name) => /new-|password/.test(name))
  assert.deepEqual(left, [])
})

test('of several processes that race for a stale lock one gets it', async () => {
  const folder = path.join(makeParent(), '.data')
  const go = path.join(folder, 'go')
  const dead = runNode('say({})')
  await waitForEnd(dead.child)
  fs.mkdirSync(folder)
  fs.writeFileSync(path.join(folder, 'lock'), `${dead.child.pid}\n0123456789abcdef\n1\n`)
  const racers = Array.from({ length: 6 }, () =>
    runNode(`
      import { existsSync } from 'node:fs'
      process.title = 'renamed'
      say({ waits: true })
      while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 1))
      try {
        const server = await start(${JSON.stringify(folder)})
        process.once('SIGTERM', () => server.stop().then(() => process.exit()))
        setInterval(() => {}, 1000)
        say({ won: true })
      } catch (error) {
        say({ won: false, name: error.constructor.name, message: error.message })
      }`),
  )
  await Promise.all(racers.map(({ answer }) => answer()))
  fs.writeFileSync(go, '')
  const answers = await Promise.all(racers.map(({ answer }) => answer()))
  assert.equal(answers.filter(({ won }) => won).length, 1, JSON.stringify(answers))
  for (const loser of answers.filter(({ won }) => !won)) {
    assert.equal(loser.name, 'EmbeddedFailure')
    assert.match(String(loser.message), /^Another Monotickets \(pid \d+\) already uses/)
  }
  for (const { child } of racers) {
    child.kill('SIGTERM')
    await waitForEnd(child)
  }
  assert.deepEqual(
    fs.readdirSync(folder).filter((name) => name.startsWith('lock')),
    [],
  )
})

test('a lock whose pid belongs to another program or to this process is stale', async () => {
  const folder = path.join(makeParent(), '.data')
  await (await start(folder)).stop()
  const unrelated = spawn('sleep', ['60'])
  for (const text of ['', `${unrelated.pid}`, `${process.pid}`, `${process.ppid}\n0123456789abcdef\n17`]) {
    fs.writeFileSync(path.join(folder, 'lock'), text)
    await (await start(folder)).stop()
  }
  await kill(unrelated)
})

test('a busy requested port is an error; another port is tried when a free one is taken meanwhile', async () => {
  const folder = path.join(makeParent(), '.data')
  const { server, port } = await listen()
  await assert.rejects(start(folder, { port }), (error) => {
    assert.ok(error instanceof EmbeddedFailure)
    assert.match(error.message, new RegExp(`^Port ${port} .*another port\\.$`))
    return true
  })
  let tries = 0
  const free = await listen()
  await new Promise((resolve) => free.server.close(resolve))
  const pickPort = async () => (tries++ === 0 ? port : free.port)
  const started = await start(folder, { machine: { pickPort } })
  assert.equal(started.port, free.port)
  assert.equal(tries, 2)
  await started.stop()
  server.close()
})

test('an unknown platform, a lost password and a lost cluster each have a clear message', async () => {
  const folder = path.join(makeParent(), '.data')
  await assert.rejects(start(folder, { machine: { platform: 'plan9-vax' } }), (error) => {
    assert.ok(error instanceof EmbeddedFailure)
    assert.match(error.message, /plan9-vax.*install PostgreSQL >= 15 and set DATABASE_URL\.$/)
    return true
  })
  await (await start(folder)).stop()
  fs.renameSync(path.join(folder, 'postgres.json'), path.join(folder, 'aside'))
  await assert.rejects(start(folder), /postgres\.json, the password of .* is gone/)
  fs.renameSync(path.join(folder, 'aside'), path.join(folder, 'postgres.json'))
  fs.renameSync(path.join(folder, 'postgres'), path.join(folder, 'aside'))
  await assert.rejects(start(folder), /postgres is gone/)
  fs.renameSync(path.join(folder, 'aside'), path.join(folder, 'postgres'))
  await assert.rejects(start(folder, { settings: { work_mem: 'much' } }), /did not start \(.*work_mem/)
  fs.writeFileSync(path.join(folder, 'file'), '')
  await assert.rejects(start(path.join(folder, 'file')), EmbeddedFailure)
})

/** Copies the package as npm leaves it when install scripts are blocked. */
function copyPackage(parent: string): string {
  const copy = path.join(parent, 'package/native')
  fs.mkdirSync(path.dirname(copy))
  fs.cpSync(findNative('linux-x64'), copy, { recursive: true, verbatimSymlinks: true })
  for (const name of fs.readdirSync(path.join(copy, 'lib'), { withFileTypes: true }))
    if (name.isSymbolicLink()) fs.rmSync(path.join(copy, 'lib', name.name))
  return copy
}

test('the links of a blocked install script are created', async () => {
  const parent = makeParent()
  const native = copyPackage(parent)
  const server = await start(path.join(parent, '.data'), { machine: { native } })
  assert.ok(fs.existsSync(path.join(native, 'lib/libicuuc.so.60')))
  assert.deepEqual(
    fs.readdirSync(path.join(parent, '.data')).filter((name) => name.includes('binaries')),
    [],
  )
  await server.stop()
})

test('a normal user can start it, also with a read-only package', { skip: notRoot }, async (t) => {
  const parent = makeParent()
  const native = copyPackage(parent)
  const nobody = { uid: 65534, gid: 65534 }
  for (const [name, machine] of Object.entries({ plain: {}, blocked: { native } })) {
    const owned = path.join(parent, name)
    fs.mkdirSync(owned, { mode: 0o700 })
    fs.chownSync(owned, nobody.uid, nobody.gid)
    const folder = path.join(owned, '.data')
    const { answer, child } = runNode(
      `const began = performance.now()
       const server = await start(${JSON.stringify(folder)}, { machine: ${JSON.stringify(machine)} })
       await server.stop()
       say({ ...server, ms: Math.round(performance.now() - began) })`,
      nobody,
    )
    const { adopted, ms } = await answer()
    t.diagnostic(`${name}: start and stop ${String(ms)} ms`)
    assert.equal(adopted, false)
    assert.equal(modeOf(folder), '700')
    assert.equal(fs.statSync(path.join(folder, 'postgres')).uid, nobody.uid)
    const copies = fs.readdirSync(folder).filter((entry) => entry.startsWith('binaries-'))
    assert.equal(copies.length, name === 'blocked' ? 1 : 0)
    await waitForEnd(child)
    // Root continues with the owner's account instead of changing the owner of the data.
    await (await start(folder, { machine: { ...machine, homes: [path.join(parent, 'homes')] } })).stop()
    assert.equal(fs.statSync(path.join(folder, 'postgres')).uid, nobody.uid)
  }
})

/** Parts of /etc/passwd, as on machines without the account postgres. */
function writePasswd(parent: string, ...lines: string[]): string {
  const file = path.join(parent, 'passwd')
  fs.writeFileSync(file, ['root:x:0:0::/root:/bin/sh', ...lines, ''].join('\n'))
  return file
}
const NOBODY = 'nobody:x:65534:65534::/:/sbin/nologin'

test('root uses the account nobody when there is no postgres, and fails without both', { skip: notRoot }, async () => {
  const parent = makeParent()
  const folder = path.join(parent, '.data')
  const passwdFile = writePasswd(parent)
  await assert.rejects(start(folder, { machine: { passwdFile } }), /no account postgres or nobody/)
  fs.rmSync(folder, { recursive: true, force: true })
  writePasswd(parent, NOBODY)
  const server = await start(folder, { machine: { passwdFile } })
  assert.equal(fs.lstatSync(path.join(folder, 'postgres')).uid, 65534)
  assert.equal(fs.statSync(path.join(folder, 'postgres.json')).uid, 0)
  await server.stop()
  // An account that is added later does not change the owner of existing data.
  await (await start(folder)).stop()
})

test('root uses a home elsewhere when only root may enter the folder', { skip: notRoot }, async (t) => {
  const parent = makeParent(0o700)
  const folder = path.join(parent, '.data')
  const native = copyPackage(parent)
  const passwdFile = writePasswd(parent, NOBODY)
  const more = { machine: { passwdFile, native } }
  const beganMs = performance.now()
  const first = await start(folder, more)
  t.diagnostic(`first start with a copy ${Math.round(performance.now() - beganMs)} ms`)
  const cluster = fs.readlinkSync(path.join(folder, 'postgres'))
  made.push(path.dirname(cluster))
  assert.match(cluster, /^\/var\/lib\/monotickets\/[0-9a-f]{16}\/cluster$/)
  assert.equal(fs.statSync(cluster).uid, 65534)
  assert.equal(modeOf(cluster), '700')
  assert.equal(modeOf(path.dirname(cluster)), '710')
  assert.equal(fs.statSync(path.join(folder, 'postgres.json')).uid, 0)
  assert.equal(modeOf(path.join(folder, 'postgres.json')), '600')
  await query(first.url, 'create table kept as select 42 as answer')
  await first.stop()

  const second = await start(folder, more)
  assert.deepEqual(await query(second.url, 'select answer from kept'), [{ answer: 42 }])
  // A removed folder means a new database, even while the old server is running.
  fs.rmSync(folder, { recursive: true })
  const third = await start(folder, more)
  await assert.rejects(query(third.url, 'select answer from kept'), { code: '42P01' })
  assert.notEqual(third.url, second.url)
  await third.stop()
  await second.stop()
})

test('a home that cannot be created or is not trusted is skipped', { skip: notRoot }, async () => {
  const parent = makeParent()
  const shut = path.join(parent, 'shut')
  fs.mkdirSync(shut, { mode: 0o700 })
  const folder = path.join(shut, '.data')
  const none = '/sys/none' // not even root can create a folder there
  const trap = path.join(parent, 'trap')
  fs.mkdirSync(trap)
  fs.chmodSync(trap, 0o777)
  const machine = { homes: [none, trap] }
  await assert.rejects(start(folder, { machine }), /chmod o\+x/)
  const good = path.join(parent, 'good')
  const server = await start(folder, { machine: { homes: [none, trap, good] } })
  assert.ok(fs.readlinkSync(path.join(folder, 'postgres')).startsWith(good))
  assert.deepEqual(fs.readdirSync(trap), [])
  await server.stop()
})
