/**
 * The built program with its demo data, its workers and the simulated provider, and the system's Chromium. What is seen here is
 * what `npm start` shows.
 */
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { addressOf, call, startProgram, type Ending, type Program } from '../program.ts'

export type Who = 'director' | 'organizer' | 'staff'
export type Site = {
  url: string
  program: Program
  browser: Browser
  /** Its data, with the database. */
  folder: string
  accounts: Record<Who, { email: string; password: string }>
  /** A page of somebody who has logged in; null: of nobody. The test fails when its console has an error. */
  open(t: Ending, who: Who | null, path: string, options?: BrowserContextOptions): Promise<Page>
  /** A call of the API as somebody, which must be answered with 2xx. */
  ask<T>(who: Who, method: string, path: string, body?: unknown): Promise<T>
}

const ENVIRONMENT = {
  APP_ENV: 'development',
  AUTH_MODE: 'required',
  JWT_SECRET: 'only-for-the-browser-tests-only-for-the-browser',
  SIMULATOR: 'true',
  DELIVERY_QUIET_HOURS: 'off',
  HOST: '127.0.0.1',
  LOG_LEVEL: 'info',
  RATE_LIMIT_PER_MINUTE: '100000',
}

export const openBrowser = (args: string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', ...args] })

/** Starts the program and the browser; the end of the test stops both. `args`: of Chromium. */
export async function openSite(
  t: Ending,
  { env = {}, args = [] }: { env?: Record<string, string>; args?: string[] } = {},
): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-browser-'))
  await chmod(folder, 0o755) // the account that runs PostgreSQL for root must be able to enter
  const program = startProgram(t, 'server.js', { ...ENVIRONMENT, DATA_FOLDER: folder, ...env })
  const url = await addressOf(program)
  const accounts = await readAccounts(program)
  const browser = await openBrowser(args)
  t.after(async () => {
    await browser.close()
    program.kill('SIGTERM')
    await program.ended
    await rm(folder, { recursive: true, force: true })
  })
  const tokens = new Map<Who, Promise<string>>()
  const tokenOf = (who: Who) => {
    if (!tokens.has(who)) tokens.set(who, logIn(url, accounts[who]))
    return tokens.get(who)!
  }
  const sessions = new Map<Who, ReturnType<typeof enter>>()
  const cookiesOf = (who: Who) => {
    if (!sessions.has(who)) sessions.set(who, enter(browser, url, accounts[who]))
    return sessions.get(who)!
  }
  return {
    url,
    program,
    browser,
    folder,
    accounts,
    async open(t, who, path, options = {}) {
      const context = await browser.newContext({
        baseURL: url,
        locale: 'es-MX',
        timezoneId: 'America/Mexico_City',
        ...options,
      })
      t.after(() => context.close())
      if (who) await context.addCookies(await cookiesOf(who))
      const page = await context.newPage()
      watchConsole(t, page)
      await page.goto(path)
      return page
    },
    async ask<T>(who: Who, method: string, path: string, body?: unknown) {
      const headers = { authorization: `Bearer ${await tokenOf(who)}` }
      const reply = await call(url, method, path, body, headers)
      assert.ok(reply.status < 300, `${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`)
      return reply.body as T
    },
  }
}

async function readAccounts(program: Program): Promise<Site['accounts']> {
  await program.waitFor(/\(staff\)/)
  const found = [...program.output().matchAll(/^ {4}(\S+@\S+) {2}(\S+) {2}\((director|organizer|staff)\)$/gm)]
  return Object.fromEntries(found.map(([, email, password, role]) => [role, { email, password }])) as Site['accounts']
}

async function logIn(url: string, account: { email: string; password: string }): Promise<string> {
  const { body } = await call(url, 'POST', '/auth/login', account)
  return body['accessToken'] as string
}

/** Logs in as people do, by the form. */
async function enter(browser: Browser, url: string, account: { email: string; password: string }) {
  const context = await browser.newContext({ baseURL: url })
  const page = await context.newPage()
  await page.goto('/login')
  await page.locator('input[name=email]').fill(account.email)
  await page.locator('input[name=password]').fill(account.password)
  await page.locator('main form button').first().click()
  await page.waitForURL((to) => to.pathname !== '/login')
  const cookies = await context.cookies()
  await context.close()
  return cookies
}

/** Errors that a test causes on purpose are answers that are not 2xx, and no network; Chromium writes a line for each. */
const CAUSED =
  /Failed to load resource: (the server responded with a status of (400|401|403|404|409|410|413|422|503)|net::ERR_INTERNET_DISC)/

function watchConsole(t: Ending, page: Page): void {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !CAUSED.test(message.text())) errors.push(message.text())
  })
  t.after(() => assert.deepEqual(errors, [], `the console of ${page.url()}`))
}
