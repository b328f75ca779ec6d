import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { backends, openTestDatabase, REDIS_URL } from '../../test/harness.ts'
import { openDb } from './db.ts'
import { openPostgresKv, openRedisKv, type Kv } from './kv.ts'

/** Opens a store of either implementation. Keys start with a prefix of this test. */
async function openKv(
  t: TestContext,
  backend: 'postgres' | 'redis',
): Promise<{ kv: Kv; key: (name: string) => string }> {
  const prefix = `test:${randomBytes(6).toString('hex')}:`
  const key = (name: string) => `${prefix}${name}`
  if (backend === 'redis') {
    const kv = openRedisKv(REDIS_URL!, () => {})
    t.after(() => kv.close())
    await kv.ping()
    return { kv, key }
  }
  const { db, close } = openDb(await openTestDatabase(), { max: 8, statementTimeoutMs: 5000, onError: () => {} })
  t.after(close)
  return { kv: openPostgresKv(db), key }
}

for (const backend of backends) {
  test(`${backend}: a value expires after its ttl`, async (t) => {
    const { kv, key } = await openKv(t, backend)

    assert.equal(await kv.get(key('a')), null)
    await kv.set(key('a'), 'first', 60_000)
    await kv.set(key('a'), 'second «ñ» 🎉', 1000)

    assert.equal(await kv.get(key('a')), 'second «ñ» 🎉')
    await sleep(1100)
    assert.equal(await kv.get(key('a')), null)
  })

  test(`${backend}: deleteByPrefix deletes only keys with the prefix, whatever characters it has`, async (t) => {
    const { kv, key } = await openKv(t, backend)
    const wild = ['*', '?', '[a-z]', 'a*b', '\\', '%', '_', 'x]']
    for (const part of wild) await kv.set(key(`${part}:1`), 'x', 60_000)
    await kv.set(key('plain:1'), 'x', 60_000)
    await kv.set(key('plain:2'), 'x', 60_000)
    await kv.set(key('plainer'), 'x', 60_000)

    for (const part of wild) {
      assert.equal(await kv.deleteByPrefix(key(`${part}:`)), 1, part)
      assert.equal(await kv.get(key(`${part}:1`)), null)
    }

    assert.equal(await kv.deleteByPrefix(key('plain:')), 2)
    assert.equal(await kv.get(key('plainer')), 'x')
    assert.equal(await kv.deleteByPrefix(key('plain:')), 0)
  })

  test(`${backend}: deleteByPrefix deletes more keys than one scan returns`, async (t) => {
    const { kv, key } = await openKv(t, backend)
    for (let round = 0; round < 24; round++) {
      await Promise.all(Array.from({ length: 50 }, (_, n) => kv.set(key(`many:${round}:${n}`), 'x', 60_000)))
    }

    assert.equal(await kv.deleteByPrefix(key('many:')), 1200)
  })

  test(`${backend}: a counter restarts when its window is over`, async (t) => {
    const { kv, key } = await openKv(t, backend)

    const first = await kv.increment(key('n'), 1500)
    await sleep(100)
    const second = await kv.increment(key('n'), 1500)

    assert.deepEqual([first.count, second.count], [1, 2])
    assert.ok(first.resetMs > 0 && first.resetMs <= 1500, `${first.resetMs}`)
    assert.ok(second.resetMs < first.resetMs - 50, 'the window starts with the first count')
    await sleep(second.resetMs + 100)
    assert.equal((await kv.increment(key('n'), 1500)).count, 1)
  })

  test(`${backend}: a hundred concurrent increments count a hundred`, async (t) => {
    const { kv, key } = await openKv(t, backend)

    const counts = await Promise.all(Array.from({ length: 100 }, () => kv.increment(key('n'), 60_000)))

    assert.deepEqual(
      counts.map(({ count }) => count).sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, n) => n + 1),
    )
  })

  test(`${backend}: of twenty concurrent callers one gets a lock`, async (t) => {
    const { kv, key } = await openKv(t, backend)

    const got = await Promise.all(Array.from({ length: 20 }, (_, n) => kv.acquireLock(key('lock'), `h${n}`, 60_000)))

    assert.equal(got.filter(Boolean).length, 1)
    assert.equal(await kv.findLockHolder(key('lock')), `h${got.indexOf(true)}`)
  })

  test(`${backend}: only its holder renews or releases a lock`, async (t) => {
    const { kv, key } = await openKv(t, backend)
    await kv.acquireLock(key('lock'), 'ana', 60_000)

    assert.equal(await kv.renewLock(key('lock'), 'beto', 60_000), false)
    assert.equal(await kv.releaseLock(key('lock'), 'beto'), false)
    assert.equal(await kv.findLockHolder(key('lock')), 'ana')
    assert.equal(await kv.renewLock(key('lock'), 'ana', 60_000), true)
    assert.equal(await kv.releaseLock(key('lock'), 'ana'), true)
    assert.equal(await kv.findLockHolder(key('lock')), null)
    assert.equal(await kv.acquireLock(key('lock'), 'beto', 60_000), true)
  })

  test(`${backend}: the same holder does not get a lock twice`, async (t) => {
    const { kv, key } = await openKv(t, backend)

    assert.equal(await kv.acquireLock(key('lock'), 'ana', 60_000), true)
    assert.equal(await kv.acquireLock(key('lock'), 'ana', 60_000), false)
  })

  test(`${backend}: a lock expires, and its former holder can neither renew nor release it`, async (t) => {
    const { kv, key } = await openKv(t, backend)
    await kv.acquireLock(key('lock'), 'dead', 1000)

    assert.equal(await kv.acquireLock(key('lock'), 'next', 60_000), false)
    await sleep(1100)

    assert.equal(await kv.renewLock(key('lock'), 'dead', 60_000), false)
    assert.equal(await kv.releaseLock(key('lock'), 'dead'), false)
    assert.equal(await kv.acquireLock(key('lock'), 'next', 60_000), true)
    assert.equal(await kv.releaseLock(key('lock'), 'dead'), false)
    assert.equal(await kv.findLockHolder(key('lock')), 'next')
  })

  test(`${backend}: renewing extends a lock beyond its first ttl`, async (t) => {
    const { kv, key } = await openKv(t, backend)
    await kv.acquireLock(key('lock'), 'ana', 1000)

    assert.equal(await kv.renewLock(key('lock'), 'ana', 60_000), true)
    await sleep(1100)

    assert.equal(await kv.acquireLock(key('lock'), 'beto', 60_000), false)
  })
}

test(
  'redis: a ping right after the opening waits for the connection',
  { skip: REDIS_URL ? false : 'no Redis here' },
  async () => {
    const errors: Error[] = []
    const kv = openRedisKv(REDIS_URL!, (error) => errors.push(error))

    await kv.ping()
    await kv.close()

    assert.deepEqual(errors, [])
  },
)

test('redis: a ping says why the connection failed', async (t) => {
  const kv = openRedisKv('redis://127.0.0.1:1', () => {})
  t.after(() => kv.close())

  for (let tries = 0; tries < 3; tries++) await assert.rejects(kv.ping(), /ECONNREFUSED/)
})

test('redis: while it is unreachable every call fails quickly instead of hanging', async (t) => {
  const kv = openRedisKv('redis://127.0.0.1:1', () => {})
  t.after(() => kv.close())
  const startedMs = performance.now()

  await assert.rejects(kv.get('a'))
  await assert.rejects(kv.ping())
  await assert.rejects(kv.increment('a', 1000))

  assert.ok(performance.now() - startedMs < 3000)
})
