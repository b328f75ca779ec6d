/** Sends lists of guests as a browser does. */
import type { LightMyRequestResponse } from 'fastify'
import type { Role, User } from '../src/http/access.ts'
import type { TestApp } from './harness.ts'

type Upload = {
  as?: Role | User
  mapping?: unknown
  headers?: Record<string, string>
  field?: string
  dryRun?: boolean
  /** Of a dry run. */
  isPartial?: boolean
  isAsync?: boolean
  /** Of the import; `/rejected.csv` asks for the rows that it would reject. */
  path?: string
}

export async function upload(
  app: TestApp,
  eventId: string,
  file: string | Buffer,
  {
    as = 'organizer',
    mapping,
    headers = {},
    field = 'file',
    dryRun = false,
    isPartial = false,
    isAsync = false,
    path = '',
  }: Upload = {},
): Promise<LightMyRequestResponse> {
  const form = new FormData()
  form.append(field, new Blob([typeof file === 'string' ? file : new Uint8Array(file)]), 'lista.csv')
  if (mapping !== undefined) form.append('mapping', typeof mapping === 'string' ? mapping : JSON.stringify(mapping))
  const body = new Response(form)
  const asked = [
    ...(dryRun ? ['dryRun=true'] : []),
    ...(isPartial ? ['partial=true'] : []),
    ...(isAsync ? ['async=true'] : []),
  ]
  return app.post(`/events/${eventId}/guests/import${path}?${asked.join('&')}`, {
    as,
    headers: { ...headers, 'content-type': body.headers.get('content-type')! },
    payload: Buffer.from(await body.arrayBuffer()),
  })
}
