/** A browser without scripts for tests: it keeps cookies by path, and posts forms as a page of ours does. */
import type { LightMyRequestResponse } from 'fastify'
import { hashPassword } from '../src/auth/auth.ts'
import type { Role } from '../src/http/access.ts'
import { newId, sql } from '../src/platform/db.ts'
import { ORGANIZER_ID, type TestApp } from './harness.ts'
import { anOrganizer } from './make.ts'

const PASSWORD = 'una contraseña larga'
type Headers = Record<string, string>
type Cookie = { name: string; value: string; path?: string; maxAge?: number }

/** A person with a password. Forgets earlier tries to log in, because the tests share an address. */
export async function aPerson({ db, deps }: TestApp, role: Role = 'director') {
  await deps.kv.deleteByPrefix('limit:login:')
  const id = newId('usr')
  const email = `${id}@example.com`
  const organizerId = role === 'director' ? null : await anOrganizer(db, ORGANIZER_ID)
  await sql`insert into users (id, organizer_id, email, name, role, password_hash)
    values (${id}, ${organizerId}, ${email}, 'Ana <b>', ${role}, ${await hashPassword(PASSWORD)})`.execute(db)
  return { id, email, password: PASSWORD }
}

export function openBrowser({ get, post }: TestApp) {
  const jar = new Map<string, Cookie>()
  const cookiesFor = (url: string) =>
    [...jar.values()]
      .filter(({ path = '/' }) => url.startsWith(path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  const keep = (reply: LightMyRequestResponse) => {
    for (const cookie of reply.cookies as Cookie[]) {
      if (cookie.maxAge === 0) jar.delete(cookie.name)
      else jar.set(cookie.name, cookie)
    }
    return reply
  }
  const headersFor = (url: string, more: Headers): Headers => ({
    accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    ...(cookiesFor(url) ? { cookie: cookiesFor(url) } : {}),
    ...more,
  })
  const fromOurPage = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
  return {
    jar,
    open: async (url: string, headers: Headers = {}) => keep(await get(url, { headers: headersFor(url, headers) })),
    submit: async (url: string, fields: Record<string, string>, headers: Headers = {}) => {
      const payload = new URLSearchParams(fields).toString()
      return keep(await post(url, { headers: headersFor(url, { ...fromOurPage, ...headers }), payload }))
    },
  }
}
