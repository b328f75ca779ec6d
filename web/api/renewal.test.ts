import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepSession } from './renewal.ts'

/** A server with a session that has expired, and its answer to a renewal: a status, or an error. */
function aServer(renewal: number | Error) {
  const sent: string[] = []
  const signals: (AbortSignal | null)[] = []
  let isRenewed = false
  const { send } = keepSession({
    lock: (work) => work(),
    ask(to, init) {
      if (typeof to !== 'string') {
        sent.push('call')
        return Promise.resolve(new Response(null, { status: isRenewed ? 200 : 401 }))
      }
      sent.push(to)
      signals.push(init?.signal ?? null)
      if (renewal instanceof Error) return Promise.reject(renewal)
      isRenewed = renewal === 204
      return Promise.resolve(new Response(null, { status: renewal }))
    },
  })
  const call = async (headers = {}) => (await send(new Request('http://door.test/scan', { headers }))).status
  return { call, sent, signals }
}

test('a session that has expired is renewed within a time, and the call is sent again', async () => {
  const { call, sent, signals } = aServer(204)

  assert.equal(await call(), 200)

  assert.deepEqual(sent, ['call', '/auth/refresh', 'call'])
  assert.ok(signals[0], 'a renewal without an answer would hold up all that come after it')
})

test('the token of a device is nobody’s session', async () => {
  const { call, sent } = aServer(204)

  assert.equal(await call({ authorization: 'Bearer x' }), 401)

  assert.deepEqual(sent, ['call'])
})

for (const [renewal, status] of [
  [401, 401],
  [403, 401],
  [429, 429],
  [500, 500],
  [503, 503],
] as const)
  test(`a renewal that is answered ${renewal} makes the call a ${status}`, async () => {
    assert.equal(await aServer(renewal).call(), status)
  })

test('a renewal without a network is a call without a network', async () => {
  await assert.rejects(aServer(new TypeError('Failed to fetch')).call(), TypeError)
})
