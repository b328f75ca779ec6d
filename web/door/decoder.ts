/** Reads the codes in a picture: with the browser's own detector, or with ours in a worker. */
import type { Asked, Read } from './decoder.worker.ts'
import { withSpare } from './spare.ts'

/** What browsers have of the Barcode Detection API, which TypeScript does not know. */
type Detector = { detect(source: CanvasImageSource): Promise<{ rawValue: string }[]> }
type DetectorClass = { new (options: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> }

/** Throws where it cannot read. */
export type Decoder = { read(video: HTMLVideoElement): Promise<string[]> }

/** Nothing will be read until a decoder is opened again. */
export class DecoderFailure extends Error {}

/** A QR code that fills a fifth of the width still has enough dots. */
const WIDTH_MAX = 800

let opened: Promise<Decoder> | undefined

/** One for the life of the page: a camera that is opened again, perhaps without a network, finds it ready. */
export const getDecoder = (): Promise<Decoder> => (opened ??= openDecoder())

async function openDecoder(): Promise<Decoder> {
  const { BarcodeDetector: Detectors } = globalThis as { BarcodeDetector?: DetectorClass }
  const formats = (await Detectors?.getSupportedFormats().catch((): string[] => [])) ?? []
  if (Detectors && formats.includes('qr_code')) {
    const detector = new Detectors({ formats: ['qr_code'] })
    return withSpare(
      { read: async (video) => (await detector.detect(video)).map(({ rawValue }) => rawValue) },
      openWorker,
    )
  }
  return openWorker()
}

function openWorker(): Decoder {
  const worker = new Worker(new URL('decoder.worker.ts', import.meta.url), { type: 'module', name: 'decoder' })
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d', { willReadFrequently: true })
  const waiting = new Map<number, { resolve(codes: string[]): void; reject(error: Error): void }>()
  let lastId = 0
  let isBroken = false
  worker.addEventListener('message', ({ data }: MessageEvent<Read>) => {
    waiting.get(data.id)?.resolve(data.codes)
    waiting.delete(data.id)
  })
  // It may not have loaded: the next camera that is opened gets a new one.
  worker.addEventListener('error', () => {
    isBroken = true
    opened = undefined
    worker.terminate()
    for (const { reject } of waiting.values()) reject(new DecoderFailure())
    waiting.clear()
  })
  return {
    read(video) {
      if (isBroken) return Promise.reject(new DecoderFailure())
      const { videoWidth, videoHeight } = video
      if (!context || videoWidth === 0) return Promise.resolve([])
      const scale = Math.min(1, WIDTH_MAX / videoWidth)
      canvas.width = Math.round(videoWidth * scale)
      canvas.height = Math.round(videoHeight * scale)
      context.drawImage(video, 0, 0, canvas.width, canvas.height)
      const picture = context.getImageData(0, 0, canvas.width, canvas.height)
      const asked: Asked = { id: ++lastId, picture }
      const codes = new Promise<string[]>((resolve, reject) => waiting.set(asked.id, { resolve, reject }))
      worker.postMessage(asked, [picture.data.buffer])
      return codes
    },
  }
}
