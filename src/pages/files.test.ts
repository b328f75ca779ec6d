import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { startApp } from '../../test/harness.ts'
import { APPS, MISSING, WEB_FOLDER } from './files.ts'

test('each app is one page, whatever the path below it, and is asked for again each time', async (t) => {
  const app = await startApp(t)

  for (const name of APPS)
    for (const path of [`/${name}`, `/${name}/`, `/${name}/a/deep/path`]) {
      const reply = await app.get(path, { as: null })

      assert.equal(reply.statusCode, 200, path)
      assert.match(reply.headers['content-type'] as string, /^text\/html/)
      assert.equal(reply.headers['cache-control'], 'no-cache')
      assert.equal(reply.body, await readFile(`${WEB_FOLDER}/${name}.html`, 'utf8'))
    }
})

test('the policy allows nothing of others, nothing inline, and evaluates WebAssembly at the door alone', async (t) => {
  const app = await startApp(t)

  for (const name of APPS) {
    const policy = (await app.get(`/${name}`, { as: null })).headers['content-security-policy'] as string

    assert.match(policy, /^default-src 'self';/)
    assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|https?:/)
    assert.equal(policy.includes('wasm-unsafe-eval'), name === 'door')
    assert.ok(policy.includes("frame-ancestors 'none'"))
  }
})

test('no page has an inline script, style or handler', async () => {
  for (const name of APPS) {
    const html = await readFile(`${WEB_FOLDER}/${name}.html`, 'utf8')

    assert.doesNotMatch(html, /<style|style=| on[a-z]+=|<script(?![^>]* src=)/i)
  }
})

test('hashed files are kept for a year and come compressed; others do not exist', async (t) => {
  const app = await startApp(t)
  const file = (await readdir(`${WEB_FOLDER}/assets`)).find((name) => name.endsWith('.js'))!

  const plain = await app.get(`/assets/${file}`, { as: null })
  const packed = await app.get(`/assets/${file}`, { as: null, headers: { 'accept-encoding': 'br' } })

  assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.equal(packed.headers['content-encoding'], 'br')
  for (const path of ['/assets/none.js', '/assets/..%2fmanifest.json', '/assets/..%2f..%2fserver.js', '/assets/.'])
    assert.equal((await app.get(path, { as: null })).statusCode, 404, path)
})

test('what is said when the pages are not built names the command that builds them', () => {
  assert.match(MISSING.html, /npm run build:web/)
})

test('the service worker of the door serves it and everything that it loads, and what installing needs is there', async (t) => {
  const app = await startApp(t)
  const worker = await app.get('/door/sw.js', { as: null })
  const [, list] = /(\[\{"url":[^\]]*\])/.exec(worker.body) ?? []
  const files = JSON.parse(list!) as { url: string; revision: string | null }[]
  const installed = JSON.parse(await readFile(`${WEB_FOLDER}/door/manifest.webmanifest`, 'utf8')) as {
    icons: { src: string }[]
  }
  const paths = [...files.map(({ url }) => url), ...installed.icons.map(({ src }) => src), '/door/icon-180.png']

  assert.match(worker.headers['content-type'] as string, /javascript/)
  assert.equal(worker.headers['cache-control'], 'no-cache')
  assert.equal(worker.headers['service-worker-allowed'], '/door')
  assert.doesNotMatch(worker.body, /^\s*import\b/m)
  for (const path of paths) assert.equal((await app.get(path, { as: null })).statusCode, 200, path)
  for (const kind of [/^\/door$/, /\.js$/, /\.css$/, /worker.*\.js$/, /\.wasm$/])
    assert.ok(
      paths.some((path) => kind.test(path)),
      `${kind}`,
    )
})
