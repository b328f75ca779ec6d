/** Builds the pages into dist/web: hashed files with a brotli copy of each, and a manifest that the tests of size read. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { TOKENS_CSS } from '../src/http/tokens.ts'

const OUT = fileURLToPath(new URL('../dist/web', import.meta.url))
const PAGES = ['panel', 'organizer', 'door']

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
    rollupOptions: { input: PAGES.map((page) => fileURLToPath(new URL(`${page}.html`, import.meta.url))) },
  },
  plugins: [react(), tokens(), compress()],
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

function compress(): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    writeBundle(_options, bundle) {
      for (const file of Object.keys(bundle).filter((name) => /\.(js|css|html|wasm|svg|webmanifest)$/.test(name))) {
        const path = join(OUT, file)
        writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path)))
      }
    },
  }
}
