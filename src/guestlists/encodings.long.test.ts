/** Ten thousand guests in every encoding that a list may have: all are stored as they were written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ENCODED } from '../../test/encodings.ts'
import { startApp } from '../../test/harness.ts'
import { anEvent } from '../../test/make.ts'
import { upload } from '../../test/uploads.ts'
import { sql } from '../platform/db.ts'

const GUESTS = 10_000
const rows = Array.from(
  { length: GUESTS },
  (_, n) => `José Ñúñez ${n};55${10_000_000 + n};jose${n}@example.com;${1 + (n % 20)}`,
)
const LIST = `nombre;teléfono;correo;pases\r\n${rows.join('\r\n')}`

for (const [name, encoding, encode] of ENCODED)
  test(`a list of 10,000 rows in ${name} is imported whole`, async (t) => {
    const app = await startApp(t)
    const eventId = await anEvent(app.db)
    const startedMs = performance.now()

    const reply = await upload(app, eventId, encode(LIST))

    t.diagnostic(`${name}: ${Math.round(performance.now() - startedMs)} ms`)
    const { created, updated, unchanged, rejected, file } = reply.json<Record<string, number> & { file: object }>()
    assert.deepEqual(
      { created, updated, unchanged, rejected },
      { created: GUESTS, updated: 0, unchanged: 0, rejected: 0 },
    )
    assert.equal((file as { encoding: string }).encoding, encoding)
    const { rows: stored } = await sql<{ guests: number; places: number }>`
      select count(*) as guests, sum(party_size)::integer as places
        from guests
       where event_id = ${eventId}
         and name ~ '^José Ñúñez [0-9]+$'
         and phone ~ '^[+]5255[0-9]{8}$'`.execute(app.db)
    assert.deepEqual(stored[0], { guests: GUESTS, places: rows.reduce((sum, _, n) => sum + 1 + (n % 20), 0) })
  })
