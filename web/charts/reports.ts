/** The Director's reports as series for charts, and as files by the export of the same report. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { api } from '../api/client.ts'
import type { paths } from '../api/schema.d.ts'
import { saveFile } from '../kit/files.ts'

export type ReportName =
  Extract<keyof paths, `/director/reports/${string}`> extends `/director/reports/${infer N}` ? N : never
type Operation<N extends ReportName> = paths[`/director/reports/${N}`]['get']
export type ReportQuery<N extends ReportName> = Omit<
  NonNullable<Operation<N>['parameters']['query']>,
  'format' | 'limit' | 'cursor'
>
export type Report<N extends ReportName> = Operation<N>['responses'][200]['content']['application/json']

const PAGE_ROWS = 200
/** A series has at most 400 rows; other lists are cut after the largest, which come first. */
const PAGES_MAX = 2

/** The rows of a report. Days come oldest first, as they are drawn; other rows largest first. */
export function useReport<N extends ReportName>(
  name: N,
  query: ReportQuery<N>,
  isEnabled = true,
): UseQueryResult<Report<N>> {
  return useQuery({
    queryKey: ['report', name, query],
    queryFn: ({ signal }) => readReport(name, query, signal),
    enabled: isEnabled,
  })
}

async function readReport<N extends ReportName>(
  name: N,
  query: ReportQuery<N>,
  signal: AbortSignal,
): Promise<Report<N>> {
  let whole: Report<'debt'> | undefined
  let cursor: string | null = null
  for (let page = 0; page < PAGES_MAX; page++) {
    const asked = { ...query, limit: PAGE_ROWS, ...(cursor === null ? {} : { cursor }) }
    // Every report is read alike; the types of its rows come back with the name.
    const reply = await api.GET(`/director/reports/${name}` as '/director/reports/debt', {
      params: { query: asked as never },
      signal,
    })
    if (reply.error) throw reply.error
    const read = reply.data as Report<'debt'>
    whole = { ...read, data: [...(whole?.data ?? []), ...read.data] }
    cursor = read.page.nextCursor
    if (cursor === null) break
  }
  const rows = whole!.data
  if (rows.length > 1 && 'day' in rows[0]!) rows.reverse()
  return whole as unknown as Report<N>
}

/** Saves the whole report as a file, with the columns and totals that the API gives it. */
export async function saveReport<N extends ReportName>(
  name: N,
  query: ReportQuery<N>,
  format: 'csv' | 'xlsx',
): Promise<void> {
  const reply = await api.GET(`/director/reports/${name}` as '/director/reports/debt', {
    params: { query: { ...query, format } as never },
    parseAs: 'blob',
  })
  if (reply.error) throw reply.error
  saveFile(reply.data, `${name}.${format}`)
}
