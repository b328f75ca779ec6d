/** The encodings in which lists of guests arrive: a name, what the import calls it, and how a text becomes its bytes. */
const WINDOWS: Record<string, number> = {
  á: 0xe1,
  é: 0xe9,
  í: 0xed,
  ó: 0xf3,
  ú: 0xfa,
  ñ: 0xf1,
  Ñ: 0xd1,
  Á: 0xc1,
  '’': 0x92,
}
const MAC: Record<string, number> = {
  á: 0x87,
  é: 0x8e,
  í: 0x92,
  ó: 0x97,
  ú: 0x9c,
  ñ: 0x96,
  Ñ: 0x84,
  Á: 0xe7,
  '’': 0xd5,
}
const inBytes = (text: string, table: Record<string, number>) =>
  Buffer.from(Array.from(text, (letter) => table[letter] ?? letter.charCodeAt(0)))
export const ENCODED: [string, string, (text: string) => Buffer][] = [
  ['UTF-8', 'utf-8', (text) => Buffer.from(text)],
  ['UTF-8 with a mark', 'utf-8', (text) => Buffer.from(`\ufeff${text}`)],
  ['Windows-1252', 'windows-1252', (text) => inBytes(text, WINDOWS)],
  ['MacRoman', 'macintosh', (text) => inBytes(text, MAC)],
  ['UTF-16 LE with a mark', 'utf-16le', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['UTF-16 BE with a mark', 'utf-16be', (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ['UTF-16 LE', 'utf-16le', (text) => Buffer.from(text, 'utf16le')],
  ['UTF-16 BE', 'utf-16be', (text) => Buffer.from(text, 'utf16le').swap16()],
]
