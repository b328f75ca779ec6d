/**
 * Bull Board, read-only: the current jobs of the queues. The rows hold the state of all work, so the board retries
 * nothing; dead letters are replayed instead. It is loaded at the first request.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import type { createBullBoard } from '@bull-board/api'
import FindMyWay from 'find-my-way'
import { escapeHtml } from '../http/html.ts'
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
/** Scripts and styles come from this server. The board also writes inline styles and queries its own API. */
export const BOARD_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"

/** Answers GET requests below `base`; null when there is no such page or file. Throws `unavailable` until the queues are open. */
export function openBoard(queues: Pick<Queues, 'list'>, base: string): Board {
  const root = join(dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json')), 'dist')
  let building: Promise<Board> | undefined
  return async (request) => {
    if (/^\/static\/[\w./-]+$/.test(request.path)) return readAsset(root, request.path)
    queues.list() // throws before `building` is set, so that a later request tries again
    building ??= collectParts(queues, root).then((parts) => answerWith(parts, root, base))
    return (await building)(request)
  }
}

/** Bull Board passes its parts to a web server's adapter; this adapter only collects them. */
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

function answerWith({ queues, api, entry, uiConfig }: Parts, root: string, base: string): Board {
  type Handler = (request: Parameters<Board>[0], params: Record<string, string>) => Promise<BoardAnswer>
  const router = FindMyWay()
  const serve = (path: string, handler: Handler) => router.on('GET', path, () => undefined, handler)
  for (const path of [entry.route].flat()) {
    serve(path, async () => {
      const { params } = entry.handler({ basePath: base, uiConfig })
      return { status: 200, type: 'text/html; charset=utf-8', body: render(await readPage(root), params) }
    })
  }
  for (const { method, route, handler } of api) {
    if (![method].flat().includes('get')) continue
    const answer: Handler = async ({ query }, params) => {
      const request = { queues, uiConfig, params, query: query as Record<string, string>, body: {}, headers: {} }
      const { status = 200, body } = await handler(request)
      return { status, type: TYPES['.json']!, body }
    }
    for (const path of [route].flat()) serve(path, answer)
  }
  return async (request) => {
    const match = router.find('GET', request.path)
    return match ? (match.store as Handler)(request, match.params as Record<string, string>) : null
  }
}

const readPage = (root: string): Promise<string> => readFile(join(root, 'index.ejs'), 'utf8')

/** Fills the page's placeholders, `<%= … %>` escaped, and removes its fonts from another site, which the CSP forbids. */
function render(page: string, params: Record<string, string>): string {
  return page
    .replace(/<link[^>]+https:\/\/fonts[^>]+>/g, '')
    .replace(/<%([=-]) (\w+) %>/g, (_, kind, name: string) =>
      kind === '=' ? escapeHtml(params[name] ?? '') : (params[name] ?? ''),
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
