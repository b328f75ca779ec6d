/**
 * The files that guests sent, as 360dialog serves them: the id answers an address of Meta that is valid for five minutes, and the
 * same path at 360dialog's own host answers the bytes. Both requests need the key (docs.360dialog.com, "Download media").
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Answer, Asked } from './http.ts'

type Medium = { bytes: Buffer; mimeType: string }
/** Meta's address, which 360dialog's clients rewrite to the host of the API. */
const ADDRESS = 'https://lookaside.fbsbx.com/whatsapp_business/attachments/'
const LIVES_MS = 300_000

export function openMedia(notFound: (httpStatus: number) => Answer) {
  const media = new Map<string, Medium>()
  const script: (Answer | null)[] = []
  const secret = randomBytes(16).toString('hex')
  const sign = (id: string, until: string) => createHash('sha256').update(`${id} ${until} ${secret}`).digest('hex')

  function describe(id: string, { bytes, mimeType }: Medium): Answer {
    const until = String(Date.now() + LIVES_MS)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const url = `${ADDRESS}?mid=${id}&ext=${until}&hash=${sign(id, until)}`
    const described = { mime_type: mimeType, sha256, file_size: bytes.length, id, messaging_product: 'whatsapp' }
    return { status: 200, json: { url, ...described } }
  }
  return {
    /** Keeps a file and returns its id. */
    store(bytes: string | Buffer, mimeType = 'application/octet-stream'): string {
      const id = randomBytes(8).readBigUInt64BE().toString()
      media.set(id, { bytes: Buffer.from(bytes), mimeType })
      return id
    },
    /** Deletes a file, as WhatsApp does after some days. */
    forget: (id: string) => void media.delete(id),
    /** The answers to the next requests for media; null: the usual one. */
    next: (...answers: (Answer | null)[]) => void script.push(...answers),
    answer({ path, query }: Asked): Answer {
      const scripted = script.shift()
      if (scripted) return scripted
      if (path !== new URL(ADDRESS).pathname) {
        const id = path.slice(1)
        const found = media.get(id)
        return found ? describe(id, found) : notFound(400)
      }
      const [id, until, hash] = ['mid', 'ext', 'hash'].map((name) => query.get(name) ?? '') as [string, string, string]
      const found = media.get(id)
      if (!found || hash !== sign(id, until) || Number(until) < Date.now()) return notFound(404)
      return { status: 200, bytes: found.bytes, headers: { 'content-type': found.mimeType } }
    },
  }
}
