/** The built pages of web/: where they are, which policy each is sent with, and what is said when they are missing. */
import { existsSync } from 'node:fs'
import { contentSecurityPolicyOf, renderPage } from '../http/html.ts'
import { TOKENS_CSS } from '../http/tokens.ts'

/** What `npm run build:web` writes. */
export const WEB_FOLDER = new URL('../../dist/web', import.meta.url).pathname

export const APPS = ['panel', 'organizer', 'door'] as const
export type App = (typeof APPS)[number]

export const isBuilt = (app: App): boolean => existsSync(`${WEB_FOLDER}/${app}.html`)

/** The two constant styles that React Aria inserts; web/test/policy.test.ts looks for others. */
const LIBRARY_STYLES = [
  "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='",
  "'sha256-gYiS/BvZvRcK27JIXTuwhZ3hs2+VJ1X+2gUlE+farlg='",
]

const POLICY = [
  "default-src 'self'",
  `style-src 'self' ${LIBRARY_STYLES.join(' ')}`,
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
]

/** The door decodes QR codes with WebAssembly where the browser cannot; a worker obeys the policy sent with its own file. */
const DOOR_POLICY = [...POLICY, "script-src 'self' 'wasm-unsafe-eval'"]

export const policyOf = (app: App): string => (app === 'door' ? DOOR_POLICY : POLICY).join(';')
/** The files are shared by all apps, and a worker's is one of them. */
export const FILE_POLICY = DOOR_POLICY.join(';')

const MISSING_STYLE = `${TOKENS_CSS}
body{margin:0;padding:48px 24px;background:var(--ground);color:var(--ink);font:17px/1.5 system-ui,sans-serif;text-align:center}
code{background:var(--paper);padding:2px 8px;border-radius:8px}`

/** What a start without built pages answers: 503, and the command that builds them. */
export const MISSING = {
  policy: contentSecurityPolicyOf(MISSING_STYLE),
  html: renderPage({
    lang: 'es-MX',
    title: 'Faltan las páginas',
    style: MISSING_STYLE,
    body: `<main><h1>Faltan las páginas</h1>
<p>Constrúyelas con <code>npm run build:web</code> y vuelve a cargar. La API ya funciona.</p>
<p lang="en">The pages are not built yet: run <code>npm run build:web</code> and reload. The API works.</p></main>`,
  }),
}
