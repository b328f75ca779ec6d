/** Looks into a ZIP before anything reads it: what it holds, and that it does not unpack to more than we can hold. */
import { fromBufferPromise } from 'yauzl'
import { Failure } from '../platform/errors.ts'

/** A list of 200,000 guests unpacks to some 120 MB. */
const UNPACKED_MAX = 200 * 1024 * 1024
/** What is no sheet is held in memory as a whole, most of all the table of texts. */
const PART_MAX = 48 * 1024 * 1024
const ENTRIES_MAX = 2000

/**
 * Returns the names of the entries. Counts the bytes while it inflates, because a header may lie. Throws `invalid_file`,
 * `payload_too_large`.
 */
export async function inspectZip(bytes: Buffer): Promise<string[]> {
  refuseOddEnd(bytes)
  const names: string[] = []
  let total = 0
  try {
    const zip = await fromBufferPromise(bytes, { lazyEntries: true, validateEntrySizes: true })
    for await (const entry of zip.eachEntry()) {
      if (names.push(entry.fileName) > ENTRIES_MAX) throw tooLarge()
      // Readers differ in what such an entry means, and no program that writes spreadsheets makes one.
      if (entry.compressedSize === 0 && (entry.uncompressedSize > 0 || (entry.generalPurposeBitFlag & 8) > 0))
        throw damaged()
      let size = 0
      for await (const part of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
        size += part.length
        total += part.length
        if (total > UNPACKED_MAX || (size > PART_MAX && !entry.fileName.startsWith('xl/worksheets/'))) throw tooLarge()
      }
    }
  } catch (error) {
    throw error instanceof Failure ? error : damaged(error)
  }
  return names
}

const END = Buffer.from('PK\x05\x06', 'latin1')

/** Whoever reads the file later must find the same directory: the last one, whose comment ends the file, without ZIP64. */
function refuseOddEnd(bytes: Buffer): void {
  const end = bytes.lastIndexOf(END)
  if (end < 0 || end + 22 > bytes.length) throw damaged()
  const isLast = end + 22 + bytes.readUInt16LE(end + 20) === bytes.length
  const isLong =
    bytes.readUInt16LE(end + 10) === 0xffff ||
    bytes.readUInt32LE(end + 12) === 0xffffffff ||
    bytes.readUInt32LE(end + 16) === 0xffffffff
  if (!isLast || isLong) throw damaged()
}

const damaged = (cause?: unknown) =>
  new Failure('invalid_file', { detail: 'The spreadsheet is damaged: save it again and send it.', cause })
const tooLarge = () => new Failure('payload_too_large', { detail: 'The spreadsheet unpacks to more than we read.' })
