/** Reads QR codes in pictures, away from the page, where the browser has no detector of its own. */
import { prepareZXingModule, purgeZXingModule, readBarcodes } from 'zxing-wasm/reader'
import wasmUrl from 'zxing-wasm/reader/zxing_reader.wasm?url'

// Its own default is a CDN.
const prepare = () => prepareZXingModule({ overrides: { locateFile: () => wasmUrl } })
prepare()

export type Asked = { id: number; picture: ImageData }
export type Read = { id: number; codes: string[] }

self.addEventListener('message', (event: MessageEvent<Asked>) => {
  const { id, picture } = event.data
  void readBarcodes(picture, { formats: ['QRCode'], tryHarder: true, maxNumberOfSymbols: 4 })
    .then((found) => found.filter(({ isValid }) => isValid).map(({ text }) => text))
    .catch((): string[] => {
      purgeZXingModule() // it may have failed to load, and does with the next picture
      prepare()
      return []
    })
    .then((codes) => self.postMessage({ id, codes } satisfies Read, { transfer: [] }))
})
