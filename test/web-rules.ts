/** The rules of web/ (ARCHITECTURE.md, "The pages"): who imports whom, one door to the network, and nothing that a policy forbids. */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const APPS = ['panel', 'organizer', 'door']
/** What a room may import, beside itself. */
const ROOMS: Record<string, readonly string[]> = {
  api: ['words'],
  words: ['api'],
  kit: ['api', 'words'],
  charts: ['api', 'words', 'kit'],
}
const SHARED = ['api', 'words', 'kit', 'charts']
/** Rules that server and browser share; everything else of src/ is only known by its types. */
const OF_SERVER = /^src\/(checkin\/(rules|signed-pass)|events\/code-reading|http\/tokens|landing\/words)\.ts$/
const LINES_MAX = 300
/** The door loads fast, so it has none of these. */
const HEAVY = /^(react-aria-components|@tanstack\/|@visx\/|openapi-react-query)/
const FORBIDDEN: [string, RegExp, RegExp][] = [
  ['fetch, outside api/call.ts', /(?<![.\w])fetch\(/, /^web\/api\/call\.ts$/],
  ['HTML from a text', /dangerouslySetInnerHTML|\.(inner|outer)HTML\b|insertAdjacentHTML/, /^$/],
  ['an EventSource, outside api/stream.ts', /new EventSource\(/, /^web\/api\/stream\.ts$/],
]

type Files = Map<string, string>

export async function readWeb(root: string): Promise<Files> {
  const names = await readdir(join(root, 'web'), { recursive: true })
  const paths = names
    .map((name) => join('web', name))
    .filter((path) => /\.tsx?$/.test(path) && !path.includes('node_modules') && !/\/(schema\.d|bodies)\.ts$/.test(path))
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const)),
  )
}

/** What breaks a rule, a line each. */
export function checkWeb(files: Files): string[] {
  return [...files].flatMap(([path, text]) => [
    ...checkText(path, text),
    ...listImports(path, text).flatMap((one) => checkImport(path, one)),
  ])
}

function checkText(path: string, text: string): string[] {
  const lines = text.split('\n').length - 1
  return [
    ...(lines > LINES_MAX ? [`${path}: ${lines} lines, more than ${LINES_MAX}`] : []),
    ...FORBIDDEN.filter(([, pattern, allowed]) => pattern.test(text) && !allowed.test(path)).map(
      ([what]) => `${path}: ${what}`,
    ),
  ]
}

type Import = { target: string; isType: boolean; isPackage: boolean }

function listImports(path: string, text: string): Import[] {
  const found = text.matchAll(/(?:^|\n)(?:import|export)( type)?\b[^'"`;]*?from '([^']+)'|\bimport\('([^']+)'\)/g)
  return [...found].map(([, type, from, lazy]) => {
    const target = from ?? lazy!
    const isPackage = !target.startsWith('.')
    return { target: isPackage ? target : join(dirname(path), target), isType: type !== undefined, isPackage }
  })
}

function checkImport(path: string, { target, isType, isPackage }: Import): string[] {
  const [, room = '', feature] = path.split('/')
  if (isPackage)
    return room === 'door' && !isType && HEAVY.test(target) ? [`${path}: the door does without ${target}`] : []
  // A test may compare the pages with the server.
  const isOwn = isType || path.endsWith('.test.ts') || OF_SERVER.test(target)
  if (target.startsWith('src/')) return isOwn ? [] : [`${path}: imports ${target}`]
  const [, other = '', theirs] = target.split('/')
  const refuse = [`${path}: imports ${target}`]
  if (other !== room) return (APPS.includes(room) ? SHARED : (ROOMS[room] ?? [])).includes(other) ? [] : refuse
  // Within an app, the list of screens imports features, and a feature imports itself and what lies beside the list.
  const isFeature = (name: string | undefined) => name !== undefined && !/\.tsx?$/.test(name) && name !== 'shared'
  const isSideways = APPS.includes(room) && isFeature(feature) && isFeature(theirs) && feature !== theirs
  return isSideways ? refuse : []
}
