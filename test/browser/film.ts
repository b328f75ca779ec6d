/**
 * A film for Chromium's fake camera (`--use-file-for-fake-video-capture`): QR codes on paper, drawn as a person would hold them
 * before it. The format is YUV4MPEG2 with 4:2:0 planes, which Chromium reads and plays in a circle.
 */
import { writeFile } from 'node:fs/promises'
import QRCode from 'qrcode'

const [WIDTH, HEIGHT] = [640, 480]
const FRAMES_PER_SECOND = 10
const [PAPER, INK, GREY] = [235, 16, 128]

/** `text`: of the QR code; null: an empty table. */
export type Scene = { text: string | null; seconds: number }

export async function writeFilm(path: string, scenes: readonly Scene[]): Promise<void> {
  const header = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${FRAMES_PER_SECOND}:1 Ip A1:1 C420jpeg\n`)
  const frames = scenes.flatMap(({ text, seconds }) => {
    const frame = Buffer.concat([Buffer.from('FRAME\n'), drawLight(text), Buffer.alloc((WIDTH * HEIGHT) / 2, GREY)])
    return Array.from({ length: Math.round(seconds * FRAMES_PER_SECOND) }, () => frame)
  })
  await writeFile(path, Buffer.concat([header, ...frames]))
}

/** The plane of brightness: a code in the middle, with its quiet zone. */
function drawLight(text: string | null): Buffer {
  const light = Buffer.alloc(WIDTH * HEIGHT, text === null ? GREY : PAPER)
  if (text === null) return light
  const { modules } = QRCode.create(text, { errorCorrectionLevel: 'M' })
  const dots = Math.floor((HEIGHT * 0.8) / modules.size)
  const [left, top] = [(WIDTH - dots * modules.size) >> 1, (HEIGHT - dots * modules.size) >> 1]
  for (let row = 0; row < modules.size; row++)
    for (let column = 0; column < modules.size; column++) {
      if (!modules.get(row, column)) continue
      for (let y = 0; y < dots; y++) {
        const start = (top + row * dots + y) * WIDTH + left + column * dots
        light.fill(INK, start, start + dots)
      }
    }
  return light
}
