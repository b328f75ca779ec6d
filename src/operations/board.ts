/**
 * Bull Board, read-only: the jobs in the queues. It offers no actions, because rows are the truth and retrying is for dead
 * letters. Its packages are loaded at the first request.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import type { createBullBoard } from '@bull-board/api'
import FindMyWay from 'find-my-way'
import type { Queues } from '../platform/queue.ts'

type Adapter = Parameters<typeof createBullBoard>[0]['serverAdapter']
type Argument<K extends keyof Adapter> = Parameters<Adapter[K]>[0]
type Parts = {
  queues: Argument<'setQueues'>
  api: Argument<'setApiRoutes'>
  entry: Argument<'setEntryRoute'>
  uiConfig: Argument<'setUIConfig'>
}
export type BoardAnswer = { status: number; type: string; body: string | Buffer | object }
export type Board = (request: { path: string; query: unknown }) => Promise<BoardAnswer | null>

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
}
/** Scripts and styles are served by us. The page has inline styles and calls our API. */
export const BOARD_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"

/** Opens the board under the path `base`. It answers GET requests; null: not found. Throws `unavailable` until the queues are open. */
export function openBoard(queues: Pick<Queues, 'list'>, base: string): Board {
  const root = join(dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json')), 'dist')
  let building: Promise<Board> | undefined
  return async (request) => {
    if (/^\/static\/[\w./-]+$/.test(request.path)) return readAsset(root, request.path)
    queues.list()
    building ??= collectParts(queues, root).then((parts) => buildBoard(parts, root, base))
    return (await building)(request)
  }
}

/** Bull Board passes its parts to the adapter of a web server. This adapter only collects them. */
async function collectParts(queues: Pick<Queues, 'list'>, root: string): Promise<Parts> {
  const [{ createBullBoard }, { BullMQAdapter }] = await Promise.all([
    import('@bull-board/api'),
    import('@bull-board/api/bullMQAdapter'),
  ])
  const parts: Partial<Parts> = {}
  const serverAdapter: Adapter = {
    setQueues: (given) => ((parts.queues = given), serverAdapter),
    setApiRoutes: (given) => ((parts.api = given), serverAdapter),
    setEntryRoute: (given) => ((parts.entry = given), serverAdapter),
    setUIConfig: (given) => ((parts.uiConfig = given), serverAdapter),
    setViewsPath: () => serverAdapter,
    setStaticPath: () => serverAdapter,
    setErrorHandler: () => serverAdapter,
  }
  createBullBoard({
    queues: queues.list().map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter,
    options: { uiBasePath: dirname(root), uiConfig: { boardTitle: 'Monotickets' } },
  })
  return parts as Parts
}

function buildBoard({ queues, api, entry, uiConfig }: Parts, root: string, base: string): Board {
  type Found = (request: Parameters<Board>[0], params: Record<string, string>) => Promise<BoardAnswer>
  const router = FindMyWay()
  const serve = (path: string, found: Found) => router.on('GET', path, () => undefined, found)
  for (const path of [entry.route].flat()) {
    serve(path, async () => {
      const { params } = entry.handler({ basePath: base, uiConfig })
      return { status: 200, type: 'text/html; charset=utf-8', body: render(await readPage(root), params) }
    })
  }
  for (const { method, route, handler } of api) {
    if (![method].flat().includes('get')) continue
    const found: Found = async ({ query }, params) => {
      const asked = { queues, uiConfig, params, query: query as Record<string, string>, body: {}, headers: {} }
      const { status = 200, body } = await handler(asked)
      return { status, type: TYPES['.json']!, body }
    }
    for (const path of [route].flat()) serve(path, found)
  }
  return async (request) => {
    const match = router.find('GET', request.path)
    return match ? (match.store as Found)(request, match.params as Record<string, string>) : null
  }
}

const readPage = (root: string): Promise<string> => readFile(join(root, 'index.ejs'), 'utf8')

/** Fills the placeholders of the page, escaping `<%= … %>`, and removes the fonts, which come from another site. */
function render(page: string, params: Record<string, string>): string {
  const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  return page
    .replace(/<link[^>]+https:\/\/fonts[^>]+>/g, '')
    .replace(/<%([=-]) (\w+) %>/g, (_, kind, name: string) =>
      kind === '=' ? escape(params[name] ?? '') : (params[name] ?? ''),
    )
}

async function readAsset(root: string, path: string): Promise<BoardAnswer | null> {
  const type = TYPES[extname(path)]
  if (!type || path.includes('..')) return null
  try {
    return { status: 200, type, body: await readFile(join(root, path)) }
  } catch {
    return null
  }
}
