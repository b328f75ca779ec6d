/** Entity tags (RFC 9110, 8.8.3). */
import { createHash } from 'node:crypto'

export const etagOf = (content: string | Buffer): string =>
  `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`

/** Whether If-None-Match has this tag: a list of tags, weak or strong, or `*`. */
export function namesTag(header: string | undefined, etag: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  return tags.includes(etag) || tags.includes('*')
}
