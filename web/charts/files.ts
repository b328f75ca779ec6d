/** A report as a file: at once, or written by the server first where it has too many rows for one answer. */
import { download, saveFile } from '../kit/files.ts'
import { api, isProblem, type Problem, type Schemas } from '../api/client.ts'
import type { ReportName, ReportQuery } from './reports.ts'

export type Format = 'csv' | 'xlsx'
/** How far a file is that the server writes, from 0 to 1; null: not known yet. */
export type OnProgress = (part: number | null) => void

const LOOK_MS = 1000

/** Saves the whole report, with the columns and totals that the API gives it. Throws the problem when there is no file. */
export async function saveReport<N extends ReportName>(
  name: N,
  query: ReportQuery<N>,
  format: Format,
  onProgress: OnProgress,
): Promise<void> {
  const reply = await api.GET(`/director/reports/${name}` as '/director/reports/debt', {
    params: { query: { ...query, format } as never },
    parseAs: 'blob',
  })
  const file = `${name}.${format}`
  if (!reply.error) saveFile(reply.data, file)
  else if (reply.error.code === 'export_required') download(await waitForExport(name, query, format, onProgress), file)
  else throw reply.error
}

/** Returns the address of the file once it is written. */
async function waitForExport(name: ReportName, filters: object, format: Format, onProgress: OnProgress) {
  onProgress(null)
  const made = await api.POST('/director/exports', { body: { report: name, format, filters: filters as never } })
  if (made.error) throw made.error
  let now: Schemas['Export'] = made.data
  while (now.downloadUrl === null) {
    if (now.status === 'failed') throw failed(made.data.requestId)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    now = (await lookAt(now.exportId)) ?? now
    onProgress(now.rowsTotal ? now.rowsDone / now.rowsTotal : null)
  }
  return now.downloadUrl
}

/** Null without a network, which may come back while the server writes. */
async function lookAt(exportId: string): Promise<Schemas['Export'] | null> {
  try {
    const { data, error } = await api.GET('/director/exports/{exportId}', { params: { path: { exportId } } })
    if (error) throw error
    return data
  } catch (error) {
    if (isProblem(error)) throw error
    return null
  }
}

const failed = (requestId: string): Problem => ({
  ...{ type: 'about:blank', title: '', status: 500, detail: '', code: 'internal', requestId },
})
