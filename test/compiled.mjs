/**
 * node --import ./test/compiled.mjs: runs TypeScript from what tsc has compiled into build/, under the
 * names and addresses of the sources. Compiling once saves every test file the two seconds that
 * compiling on the fly takes.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { register } from 'node:module'

const ROOT = new URL('..', import.meta.url).href

if (!import.meta.url.includes('?')) register(`${import.meta.url}?hooks`)

/** The compiler writes `./x.js` for `./x.ts`; the source is what exists. */
export async function resolve(specifier, context, next) {
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.startsWith(ROOT)) {
    const source = new URL(specifier.replace(/js$/, 'ts'), context.parentURL)
    if (!source.pathname.includes('/node_modules/') && existsSync(source))
      return { url: source.href, shortCircuit: true }
  }
  return next(specifier, context)
}

export async function load(url, context, next) {
  if (!url.startsWith(ROOT) || !url.endsWith('.ts') || url.includes('/node_modules/')) return next(url, context)
  const compiled = new URL(`build/${url.slice(ROOT.length).replace(/ts$/, 'js')}`, ROOT)
  return { format: 'module', source: await readFile(compiled, 'utf8'), shortCircuit: true }
}
