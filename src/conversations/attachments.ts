/** Files that guests sent, read from WhatsApp when somebody of the organizer wants one. They are never stored here. */
import type { Readable } from 'node:stream'
import { fetchMedia } from '../channels/channels.ts'
import type { Config } from '../platform/config.ts'
import type { Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { findAttachment, type Whose } from './team-sql.ts'

const RETRY_AFTER_SECONDS = 10

/** Throws `attachment_not_found`, `attachment_gone`, `media_refused` and `unavailable`. */
export async function openAttachment(
  { db, config, now }: { db: Db; config: Config; now: () => Date },
  whose: Whose & { messageId: string; requestId: string },
): Promise<{ body: Readable; name: string | null }> {
  const attachment = await findAttachment(db, whose, whose.messageId)
  if (!attachment) throw new Failure('attachment_not_found')
  const { id, name, simulated } = attachment
  const { apiKey, apiUrl, timeoutMs } = config.whatsapp
  if (!apiKey || simulated)
    throw new Failure('attachment_gone', { detail: 'The message came by the simulated channel, which has no files.' })
  if (id === null) throw new Failure('attachment_gone')
  const fetched = await fetchMedia({ apiKey, apiUrl, timeoutMs, now }, id, whose.requestId)
  switch (fetched.kind) {
    case 'fetched':
      return { body: fetched.body, name }
    case 'gone':
      throw new Failure('attachment_gone')
    case 'refused':
      throw new Failure('media_refused', { detail: `WhatsApp did not give the file: ${fetched.reason}.` })
    default:
      throw new Failure('unavailable', {
        detail: `WhatsApp does not give the file now: ${fetched.reason}.`,
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      })
  }
}
