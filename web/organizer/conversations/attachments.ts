/** Files that guests sent. */
const EXTENSIONS: Record<string, string> = { jpeg: 'jpg', mpeg: 'mp3', plain: 'txt', '3gpp': '3gp' }

/** Under which name a file is saved. Photos and voice messages have none of their own, and a type such as `audio/ogg; codecs=opus`. */
export function fileNameOf({ name, mediaType }: { name: string | null; mediaType: string }, word: string): string {
  if (name) return name
  const [, subtype = ''] = /^\w+\/([a-z0-9]+)(?:;|$)/i.exec(mediaType.trim()) ?? []
  const extension = EXTENSIONS[subtype.toLowerCase()] ?? subtype.toLowerCase()
  return extension ? `${word}.${extension}` : word
}
