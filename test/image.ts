/**
 * node --import tsx test/image.ts — tests infra/Dockerfile without Docker.
 *
 * Every stage becomes a folder, in which COPY and `RUN npm …` are executed on the files of the build context. The last
 * stage is then started, checked with the Dockerfile's HEALTHCHECK and stopped with SIGTERM. It runs npm ci twice, so
 * .ci/run calls it and npm test does not.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isInContext, readCopy, readDockerfile, type Stage } from './dockerfile.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'monotickets-image-'))
await chmod(folder, 0o755) // when root runs this, PostgreSQL uses another account, which must be able to enter
let program: ChildProcess | undefined

try {
  const stages = readDockerfile(await readFile(join(ROOT, 'infra/Dockerfile'), 'utf8'))
  const context = await copyContext()
  for (const stage of stages) await buildStage(stage, context)
  await runImage(stages.at(-1)!)
  process.stdout.write('ok      the image builds, runs and stops\n')
} catch (error) {
  process.stdout.write(`FAILED  ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  program?.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** Copies the build context: tracked and untracked files that neither git nor .dockerignore ignores. */
async function copyContext(): Promise<string> {
  const target = join(folder, 'context')
  const dockerignore = await readFile(join(ROOT, '.dockerignore'), 'utf8')
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' })
  for (const path of listed.split('\0').filter((one) => one !== '' && isInContext(dockerignore, one))) {
    await mkdir(dirname(join(target, path)), { recursive: true })
    await cp(join(ROOT, path), join(target, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error // deleted, but still in git's index
    })
  }
  return target
}

async function buildStage({ name, steps }: Stage, context: string): Promise<void> {
  let workFolder = join(folder, name)
  for (const step of steps) {
    if (step.instruction === 'WORKDIR') {
      workFolder = join(folder, name, step.argument)
      await mkdir(workFolder, { recursive: true })
    } else if (step.instruction === 'COPY') {
      const { from, sources, target } = readCopy(step)
      const origin = from === null ? context : join(folder, from)
      for (const source of sources) await copy(join(origin, source), join(workFolder, target))
    } else if (step.instruction === 'RUN' && /^(npm|rm) /.test(step.argument)) {
      const startedMs = performance.now()
      const { status, stdout, stderr } = spawnSync('sh', ['-c', step.argument], {
        cwd: workFolder,
        encoding: 'utf8',
        env: { ...process.env, NODE_ENV: undefined, npm_config_loglevel: 'error' },
      })
      assert.equal(status, 0, `${name}: ${step.argument} failed:\n${hideAddresses(`${stdout}${stderr}`.slice(-3000))}`)
      process.stdout.write(
        `ok      ${name}: ${step.argument} (${Math.round((performance.now() - startedMs) / 1000)} s)\n`,
      )
    }
  }
}

/** Copies like COPY: the content of a folder into the target, and a file into a target that is a folder. */
async function copy(source: string, target: string): Promise<void> {
  const isIntoFolder = (await stat(source)).isFile() && (target.endsWith('/') || (await isFolder(target)))
  const place = isIntoFolder ? join(target, basename(source)) : target
  await cp(source, place, { recursive: true, verbatimSymlinks: true })
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

function hideAddresses(text: string): string {
  return text.replace(/https?:\/\/\S+/g, '<address>')
}

async function runImage({ name, steps }: Stage): Promise<void> {
  const last = (instruction: string) => steps.findLast((step) => step.instruction === instruction)?.argument ?? ''
  const workFolder = join(folder, name, last('WORKDIR'))
  assert.ok(!(await isFolder(join(workFolder, 'node_modules/typescript'))), 'development packages are in the image')
  const image = Object.fromEntries(
    last('ENV')
      .split(' ')
      .map((pair) => pair.split('=') as [string, string]),
  )
  const port = await findFreePort()
  const env = {
    ...image,
    HOME: folder,
    PATH: process.env['PATH'],
    PORT: String(port),
    DATA_FOLDER: join(folder, 'data'),
    APP_ENV: 'development',
  }

  const [command, ...args] = JSON.parse(last('CMD')) as [string, ...string[]]
  program = spawn(command, args, { cwd: workFolder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [program.stdout, program.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => program!.once('exit', resolve))

  const [checker, ...checks] = JSON.parse(/CMD (\[.*\])$/.exec(last('HEALTHCHECK'))![1]!) as [string, ...string[]]
  for (const startedMs = performance.now(); ; await sleep(300)) {
    if (spawnSync(checker, checks, { env }).status === 0) break
    assert.ok(program.exitCode === null, `it ended with ${program.exitCode}:\n${output.slice(-3000)}`)
    assert.ok(performance.now() - startedMs < 60_000, `it is not healthy after 60 s:\n${output.slice(-3000)}`)
  }
  const reply = await fetch(`http://127.0.0.1:${port}/health`)
  assert.equal(reply.status, 200)
  process.stdout.write('ok      its HEALTHCHECK succeeds\n')

  program.kill('SIGTERM')
  const code = await Promise.race([ended, sleep(30_000, 'timeout' as const, { ref: false })])
  assert.equal(code, 0, `after SIGTERM it ended with ${code}:\n${output.slice(-3000)}`)
  process.stdout.write('ok      SIGTERM ends it with exit code 0\n')
}

function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}
