/** Checks that the container files match the programs. test/image.ts checks that they run. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parse } from 'yaml'
import { loadConfig } from '../src/platform/config.ts'
import { ENVIRONMENT } from '../src/platform/environment/environment.ts'
import { isInContext, readCopy, readDockerfile } from './dockerfile.ts'

type Service = {
  image: string
  build?: { context: string; dockerfile: string }
  command?: string[]
  environment: Record<string, string | number>
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number }
  depends_on?: Record<string, { condition: string }>
  ports?: string[]
  expose?: string[]
  volumes?: string[]
}
type Compose = { services: Record<string, Service>; volumes: Record<string, null> }

const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8')
const compose = parse(await read('infra/docker-compose.yml'), { merge: true }) as Compose
const { database, redis, 'backend-api': api, workers } = compose.services
const stages = readDockerfile(await read('infra/Dockerfile'))
const runtime = stages.at(-1)!
const dockerignore = await read('.dockerignore')

/** Interpolates `${NAME:-value}` like Compose. */
const interpolate = (text: string | number, env: Record<string, string> = {}): string =>
  String(text).replace(/\$\{([A-Z_]+):-((?:[^${}]|\$\{[^}]*\})*)\}/g, (_, name: string, value: string) =>
    env[name] ? env[name] : interpolate(value, env),
  )

const environmentOf = (service: Service, env: Record<string, string> = {}) =>
  Object.fromEntries(Object.entries(service.environment).map(([name, value]) => [name, interpolate(value, env)]))

test('Compose has four services', () => {
  assert.deepEqual(Object.keys(compose.services).sort(), ['backend-api', 'database', 'redis', 'workers'])
})

test('every service has a health check with interval, timeout and retries', () => {
  for (const [name, { healthcheck }] of Object.entries(compose.services)) {
    assert.ok(healthcheck?.test.length, name)
    assert.ok(healthcheck.interval && healthcheck.timeout && healthcheck.retries, name)
  }
})

test('a service starts after the services it depends on are healthy', () => {
  const conditions = (service: Service) =>
    Object.entries(service.depends_on ?? {}).map(([name, one]) => `${name} ${one.condition}`)

  assert.deepEqual(conditions(api!), ['database service_healthy', 'redis service_healthy'])
  assert.deepEqual(conditions(workers!), [
    'database service_healthy',
    'redis service_healthy',
    'backend-api service_healthy',
  ])
})

test('ports are published on loopback only', () => {
  const ports = Object.values(compose.services).flatMap((service) => service.ports ?? [])

  assert.deepEqual(ports, ['127.0.0.1:${PORT:-8080}:8080'])
})

test('the workers show their metrics inside the network, at the port that their health check asks', () => {
  const { http } = loadConfig(environmentOf(workers!))

  assert.equal(http.host, '0.0.0.0')
  assert.deepEqual(workers!.expose, [String(http.metricsPort)])
  assert.ok(workers!.healthcheck!.test.join(' ').includes(`http://127.0.0.1:${http.metricsPort}/ready`))
})

test('data is in named volumes', () => {
  const volumes = Object.values(compose.services).flatMap((service) => service.volumes ?? [])

  assert.deepEqual(volumes.map((volume) => volume.split(':')[0]).sort(), Object.keys(compose.volumes).sort())
})

test('images are pinned to a major version', () => {
  const images = [database!.image, redis!.image, ...stages.map(({ image }) => image)]

  for (const image of images) assert.match(image, /^(postgres|redis|node):\d+(-[a-z-]+)$/)
})

test('Redis evicts nothing and writes an append-only file', () => {
  const command = redis!.command!.join(' ')

  assert.match(command, /--maxmemory-policy noeviction/)
  assert.match(command, /--appendonly yes/)
})

test('every variable of the container files is a known setting', () => {
  for (const service of [api!, workers!]) {
    for (const name of Object.keys(service.environment)) assert.ok(name in ENVIRONMENT, name)
  }
  for (const step of runtime.steps.filter(({ instruction }) => instruction === 'ENV')) {
    const names = step.argument.split(' ').map((pair) => pair.split('=')[0]!)
    for (const name of names) assert.ok(name === 'NODE_ENV' || name in ENVIRONMENT, name)
  }
})

test('without settings Compose runs a simulated demo that needs no credentials', () => {
  for (const service of [api!, workers!]) {
    const config = loadConfig(environmentOf(service))
    assert.equal(config.auth.mode, 'demo')
    assert.equal(config.embedded, false)
    assert.equal(config.http.host, '0.0.0.0')
    assert.equal(config.database.url, 'postgres://monotickets:local_monotickets@database:5432/monotickets')
    assert.equal(config.database.migrateOnStart, true)
    assert.equal(config.redis.url, 'redis://redis:6379')
    assert.equal(config.simulator.isOn, true)
    assert.equal(config.http.publicBaseUrl, 'http://localhost:8080')
  }
})

test('programs and database get the same user, password and database name', () => {
  const others: Record<string, string>[] = [{}, { DB_PASSWORD: 'p@ss/w:rd', DB_USER: 'otro', DB_NAME: 'otra' }]
  for (const env of others) {
    const url = new URL(loadConfig(environmentOf(api!, env)).database.url!)
    const server = environmentOf(database!, env)
    assert.equal(decodeURIComponent(url.password), server['POSTGRES_PASSWORD'])
    assert.equal(url.username, server['POSTGRES_USER'])
    assert.equal(url.pathname.slice(1), server['POSTGRES_DB'])
  }
})

test('the same file runs in production, and rejects incomplete production settings', () => {
  const production = { APP_ENV: 'production', AUTH_MODE: 'required', JWT_SECRET: 'x'.repeat(32), SIMULATOR: 'false' }

  assert.throws(() => loadConfig(environmentOf(api!, { APP_ENV: 'production' })), /AUTH_MODE=demo is refused/)
  assert.equal(loadConfig({ ...environmentOf(api!, production), WA_APP_SECRET: 'meta' }).env, 'production')
})

test('with AUTH_MODE=required the programs need a JWT_SECRET and use the given one', () => {
  const required = { AUTH_MODE: 'required' }

  assert.throws(() => loadConfig(environmentOf(api!, required)), /JWT_SECRET is missing/)
  assert.equal(loadConfig(environmentOf(api!, { ...required, JWT_SECRET: 'x'.repeat(32) })).auth.mode, 'required')
})

test('both programs use the same image, and demo data is seeded only outside production', () => {
  for (const service of [api!, workers!]) {
    assert.deepEqual(service.build, { context: '..', dockerfile: 'infra/Dockerfile' })
  }
  assert.match(
    api!.command!.at(-1)!,
    /\$\$APP_ENV" = production \] \|\| node dist\/commands\/seed\.js .*exec node .*dist\/server\.js$/,
  )
  assert.deepEqual(workers!.command!.slice(-1), ['dist/worker.js'])
})

test('every file that the image copies exists and is in the build context', () => {
  const copies = stages.flatMap(({ steps }) => steps.filter(({ instruction }) => instruction === 'COPY').map(readCopy))
  const sources = copies.filter(({ from }) => from === null).flatMap((copy) => copy.sources)

  assert.ok(sources.length > 5)
  for (const source of sources) {
    assert.ok(existsSync(new URL(`../${source}`, import.meta.url)), source)
    assert.ok(isInContext(dockerignore, source), source)
  }
  const names = new Set(stages.map(({ name }) => name))
  for (const { from } of copies) assert.ok(from === null || names.has(from), String(from))
})

test('secrets, data, history and tests are not in the build context', () => {
  for (const path of [
    '.env',
    '.git/config',
    '.data/postgres.json',
    'node_modules/x/index.js',
    'dist/server.js',
    'test/make.ts',
    'src/platform/kv.test.ts',
    'src/http/http.test.ts',
  ]) {
    assert.equal(isInContext(dockerignore, path), false, path)
  }
  for (const path of ['src/server.ts', 'src/http/access.ts', 'migrations/0001_accounts.sql', 'package-lock.json']) {
    assert.equal(isInContext(dockerignore, path), true, path)
  }
})

test('the image runs the program directly, without development packages and not as root', () => {
  const last = (instruction: string) => runtime.steps.findLast((step) => step.instruction === instruction)?.argument
  const runs = stages.flatMap(({ steps }) =>
    steps.filter(({ instruction }) => instruction === 'RUN').map(({ argument }) => argument),
  )

  assert.equal(last('USER'), 'node')
  assert.equal(last('STOPSIGNAL'), 'SIGTERM')
  assert.match(last('HEALTHCHECK') ?? '', /CMD \[/)
  assert.deepEqual(JSON.parse(last('CMD')!), [
    'node',
    '--enable-source-maps',
    '--max-semi-space-size=32',
    'dist/server.js',
  ])
  assert.ok(runs.includes('npm ci') && runs.includes('npm ci --omit=dev') && runs.includes('npm run build'))
  assert.ok(
    runtime.steps.every(({ argument }) => !argument.startsWith('npm')),
    'the last stage installs nothing',
  )
})
