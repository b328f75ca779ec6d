/** Files that guests sent: they stay at WhatsApp, and are read from there when somebody wants to see one. */
import { Readable } from 'node:stream'
import { Failure } from '../platform/errors.ts'
import { download } from './http-call.ts'
import { findMedia, type WhatsAppSettings } from './whatsapp.ts'

/** `refused`: it makes no sense to try again. `unavailable`: it may work in a moment. `reason` is a stable code. */
export type FetchedMedia =
  { kind: 'fetched'; body: Readable } | { kind: 'gone' } | { kind: 'refused' | 'unavailable'; reason: string }

/** The largest file that WhatsApp takes: a document of 100 MB. */
const MAX_BYTES = 104_857_600
/** For the whole file, however slow. */
const TIMEOUT_MS = 60_000

/**
 * Begins to read a file. The address that WhatsApp names is valid for five minutes, so it is asked for each time. The body ends
 * with an error when it is longer than `maxBytes`, breaks off or takes too long; whoever got it reads or destroys it. Never
 * throws.
 */
export async function fetchMedia(
  settings: WhatsAppSettings & { maxBytes?: number },
  id: string,
  requestId: string,
): Promise<FetchedMedia> {
  const { apiUrl, apiKey, maxBytes = MAX_BYTES } = settings
  const found = await findMedia(settings, id, requestId)
  if (found.kind === 'gone') return found
  if (found.kind === 'refused') return { kind: found.isPassing ? 'unavailable' : 'refused', reason: found.reason }
  if ((found.size ?? 0) > maxBytes) return { kind: 'refused', reason: 'media_too_large' }
  const headers = { 'user-agent': 'monotickets', 'd360-api-key': apiKey, 'x-request-id': requestId }
  const file = await download({ url: `${apiUrl}${found.path}`, headers, timeoutMs: TIMEOUT_MS })
  if (file.kind !== 'answered') return { kind: 'unavailable', reason: `whatsapp_${file.kind}` }
  const { httpStatus, length, body } = file
  const isFine = httpStatus === 200 && (length ?? 0) <= maxBytes
  if (isFine) return { kind: 'fetched', body: Readable.from(limit(body, maxBytes), { objectMode: false }) }
  body.on('error', () => {}).destroy()
  if (httpStatus === 404 || httpStatus === 410) return { kind: 'gone' }
  if (httpStatus === 200) return { kind: 'refused', reason: 'media_too_large' }
  const isPassing = httpStatus === 429 || httpStatus >= 500
  return { kind: isPassing ? 'unavailable' : 'refused', reason: `whatsapp_http_${httpStatus}` }
}

/** A file whose length nobody told must not be endless. */
async function* limit(body: Readable, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new Error('the file is longer than allowed')
      yield chunk
    }
  } catch (cause) {
    throw new Failure('unavailable', { detail: 'WhatsApp did not give the whole file.', cause })
  }
}
