/**
 * Builds the pages into dist/web: hashed files with a brotli copy of each, and a manifest that the tests of size read. The door
 * gets its service worker, which keeps a name of its own and the list of files that it works with without a network.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { Resvg } from '@resvg/resvg-js'
import { defineConfig, type Plugin, type Rolldown } from 'vite'
import { TOKENS_CSS } from '../src/http/tokens.ts'

const OUT = fileURLToPath(new URL('../dist/web', import.meta.url))
const PAGES = ['panel', 'organizer', 'door']
/** The best one takes seconds for the decoder, and saves a twentieth of it. */
const QUALITY = 9
const WORKER = 'door/sw.js'
/** Those of door.webmanifest, and what iOS looks for. */
const ICON_SIZES = [180, 192, 512]

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/',
  build: {
    outDir: OUT,
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: {
        ...Object.fromEntries(PAGES.map((page) => [page, fileURLToPath(new URL(`${page}.html`, import.meta.url))])),
        sw: fileURLToPath(new URL('door/sw.ts', import.meta.url)),
      },
      output: { entryFileNames: ({ name }) => (name === 'sw' ? WORKER : 'assets/[name]-[hash].js') },
    },
  },
  worker: { format: 'es' },
  plugins: [react(), tokens(), doorIcons(), doorFiles(), compress()],
})

/** `import 'virtual:tokens.css'`: the colours that the server's pages have too. */
function tokens(): Plugin {
  const id = '\0tokens.css'
  return {
    name: 'tokens',
    resolveId: (name) => (name === 'virtual:tokens.css' ? id : undefined),
    load: (name) => (name === id ? TOKENS_CSS : undefined),
  }
}

/** The icons of the installed door, drawn from the one of all pages. */
function doorIcons(): Plugin {
  return {
    name: 'door-icons',
    apply: 'build',
    generateBundle() {
      const svg = readFileSync(new URL('icon.svg', import.meta.url), 'utf8')
      for (const width of ICON_SIZES)
        this.emitFile({
          type: 'asset',
          fileName: `door/icon-${width}.png`,
          source: new Resvg(svg, { fitTo: { mode: 'width', value: width } }).render().asPng(),
        })
      // A launcher cuts its own shape out of this one, so the ground goes to the edges.
      const whole = svg.replace('rx="14"', '')
      const source = new Resvg(whole, { fitTo: { mode: 'width', value: 512 } }).render().asPng()
      this.emitFile({ type: 'asset', fileName: 'door/icon-whole.png', source })
    },
  }
}

/** Writes into the service worker which files the door needs: its page, what that loads, and the decoder with its WebAssembly. */
function doorFiles(): Plugin {
  return {
    name: 'door-files',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const worker = bundle[WORKER]
        const html = bundle['door.html']
        if (worker?.type !== 'chunk' || html?.type !== 'asset') throw new Error('The door has no page or no worker.')
        const entry = Object.values(bundle).find((one) => one.type === 'chunk' && one.isEntry && one.name === 'door')
        if (entry?.type !== 'chunk') throw new Error('The door has no entry.')
        const decoder = Object.keys(bundle).filter((file) => /^assets\/(decoder|zxing)[\w.-]+\.(js|wasm)$/.test(file))
        const hashed = [...listLoaded(bundle, entry.fileName), ...decoder]
        const list = [
          { url: '/door', revision: createHash('sha256').update(html.source).digest('hex').slice(0, 16) },
          ...[...new Set(hashed)].map((file) => ({ url: `/${file}`, revision: null })),
        ]
        worker.code = worker.code.replace('DOOR_FILES', JSON.stringify(list))
      },
    },
  }
}

/** A chunk, and what it imports now or later, with their styles. */
function listLoaded(bundle: Rolldown.OutputBundle, file: string, seen = new Set<string>()): Set<string> {
  const chunk = bundle[file]
  if (chunk?.type !== 'chunk' || seen.has(file)) return seen
  seen.add(file)
  for (const css of chunk.viteMetadata?.importedCss ?? []) seen.add(css)
  for (const next of [...chunk.imports, ...chunk.dynamicImports]) listLoaded(bundle, next, seen)
  return seen
}

function compress(): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    writeBundle(_options, bundle) {
      for (const file of Object.keys(bundle).filter((name) => /\.(js|css|html|wasm|svg|webmanifest)$/.test(name))) {
        const path = join(OUT, file)
        writeFileSync(
          `${path}.br`,
          brotliCompressSync(readFileSync(path), { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } }),
        )
      }
    },
  }
}
