import assert from 'node:assert/strict'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { openTestDatabase } from '../../test/harness.ts'
import { openDb, sql, withTx } from './db.ts'

/** A pool whose connections go through a proxy that can cut them, as a server does that crashes or a network that breaks. */
async function openCuttable(t: TestContext) {
  const databaseUrl = await openTestDatabase()
  const { port, hostname } = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const there = connect(Number(port), hostname)
    for (const end of [socket, there]) end.on('error', () => {})
    sockets.add(socket)
    socket.pipe(there).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const { db, close } = openDb(url.toString(), { max: 2, statementTimeoutMs: 5000, onError: () => {} })
  t.after(async () => {
    await close()
    server.close()
  })
  return {
    db,
    cut: async () => {
      for (const socket of sockets) socket.resetAndDestroy()
      await new Promise((resolve) => setTimeout(resolve, 50)) // the other end hears of it
    },
  }
}

test('a connection that is cut during a statement fails that statement, and the next one gets another', async (t) => {
  const { db, cut } = await openCuttable(t)
  await sql`select 1`.execute(db)

  const running = assert.rejects(sql`select pg_sleep(3)`.execute(db), { code: 'ECONNRESET' })
  await cut()
  await running

  assert.deepEqual((await sql`select 1 as n`.execute(db)).rows, [{ n: 1 }])
})

test('a connection that is cut between two statements of a transaction fails the transaction', async (t) => {
  const { db, cut } = await openCuttable(t)

  const work = withTx(db, async (tx) => {
    await sql`select 1`.execute(tx)
    await cut()
    await sql`select 2`.execute(tx)
  })

  await assert.rejects(work)
  assert.deepEqual((await sql`select 1 as n`.execute(db)).rows, [{ n: 1 }])
})
