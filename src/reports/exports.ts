/** Exports: reports as files that a job writes, because they are too large for one answer. */
import { addAbortSignal, Readable } from 'node:stream'
import type { Deps } from '../deps.ts'
import { newId, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { openFile, type Format } from './files.ts'
import { REPORTS } from './list.ts'
import type { Report, ReportFilter } from './report.ts'
import {
  completeExport,
  findChunk,
  findExport,
  insertChunk,
  insertExport,
  KEPT_DAYS,
  renewExport,
  storeRowsTotal,
  type Export,
} from './sql.ts'

/** A report with more rows is no answer but an export. */
export const ROWS_PER_ANSWER = 50_000
const CHUNK_BYTES = 512 * 1024
const RENEW_MS = 15_000
const DAY_MS = 86_400_000

export function requestExport(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  request: { report: Report; format: Format; filter: ReportFilter; requestedBy: string; requestId: string },
): Promise<Export> {
  const at = now()
  return insertExport(db, { ...request, report: request.report.name, id: newId('exp', at), createdAt: at })
}

/** Throws `export_not_found`. */
export async function requireExport(db: Db, id: string): Promise<Export> {
  const found = await findExport(db, id)
  if (found) return found
  throw new Failure('export_not_found', { detail: `There is no such export; files are kept for ${KEPT_DAYS} days.` })
}

export function describeExport(e: Export) {
  const { today: _, ...filters } = e.filter
  const expiresAt = new Date(e.createdAt.getTime() + KEPT_DAYS * DAY_MS)
  const downloadUrl = e.status === 'completed' ? `/director/exports/${e.id}/download` : null
  const { id: exportId, report, format, status, rowsDone, rowsTotal, bytes, createdAt, endedAt } = e
  return {
    exportId,
    report,
    format,
    filters,
    status,
    rowsDone,
    rowsTotal,
    bytes,
    createdAt,
    endedAt,
    expiresAt,
    downloadUrl,
  }
}

/** The file of a completed export. Throws `export_not_ready`. */
export function openExport(db: Db, e: Export): Readable {
  if (e.status !== 'completed')
    throw new Failure('export_not_ready', {
      detail: e.status === 'failed' ? 'It failed: ask for another.' : `${e.rowsDone} rows are written.`,
    })
  async function* listChunks() {
    let sent = 0
    for (let number = 0; sent < e.bytes; number++) {
      const bytes = await findChunk(db, e, number)
      if (!bytes) throw new Error(`chunk ${number} of ${e.id} is gone`) // deleted meanwhile: the download breaks off
      sent += bytes.length
      yield bytes
    }
  }
  return Readable.from(listChunks(), { objectMode: false })
}

/** Writes a claimed export. Returns false when another worker has taken it meanwhile. */
export async function writeExport(context: Pick<Deps, 'db' | 'slowDb' | 'now'>, e: Export): Promise<boolean> {
  const { db, now } = context
  const report = REPORTS.find(({ name }) => name === e.report)
  if (!report) throw new Error(`no report is called ${e.report}`)
  const lost = new AbortController()
  // A statement may take longer than the lease.
  const renewing = setInterval(() => void renewOrEnd(context, e, lost), RENEW_MS)
  try {
    const file = await openFile({ ...context, signal: lost.signal }, report, e.filter, e.format)
    addAbortSignal(lost.signal, file.bytes)
    await storeRowsTotal(db, e, file.rowsTotal)
    let number = 0
    for await (const bytes of inChunks(file.bytes)) {
      const chunk = { number: number++, bytes, rowsDone: file.rowsRead() }
      if (!(await insertChunk(db, e, chunk, now()))) return false
    }
    return await completeExport(db, e, file.rowsRead(), now())
  } finally {
    clearInterval(renewing)
    lost.abort()
  }
}

async function renewOrEnd({ db, now }: Pick<Deps, 'db' | 'now'>, e: Export, lost: AbortController): Promise<void> {
  const isOurs = await renewExport(db, e, now()).catch(() => true) // the lease may still hold; the next chunk will tell
  if (!isOurs) lost.abort()
}

async function* inChunks(bytes: Readable): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let size = 0
  for await (const part of bytes as AsyncIterable<Buffer>) {
    parts.push(part)
    size += part.length
    if (size < CHUNK_BYTES) continue
    yield Buffer.concat(parts)
    ;[parts, size] = [[], 0]
  }
  if (size > 0) yield Buffer.concat(parts)
}
