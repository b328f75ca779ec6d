/** What surrounds every screen: skip link, sections, account. The focus goes to the title when the screen changes. */
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect } from 'react'
import { $api, type Schemas } from '../api/client.ts'
import { chooseLocale, LOCALE, pick } from '../words/locale.ts'
import { Button } from './Button.tsx'
import { Freshness } from './Freshness.tsx'
import { Failed, Forbidden, Loading } from './State.tsx'
import styles from './shell.module.css'

const WORDS = pick({
  es: {
    skip: 'Ir al contenido',
    sections: 'Secciones',
    logOut: 'Salir',
    language: 'English',
    demo: 'Modo demostración',
  },
  en: { skip: 'Go to the content', sections: 'Sections', logOut: 'Log out', language: 'Español', demo: 'Demo mode' },
})

/** The accounts of the demo data. */
const DEMO_ACCOUNTS = '@demo.monotickets.mx'

/** More than these have a line of their own. */
const MANY = 7

export type Section = { to: string; label: string }

function enter(title: HTMLElement): void {
  title.tabIndex = -1
  // A drawer that the address opens keeps the focus.
  if (!document.querySelector('[role=dialog]')) title.focus({ preventScroll: true })
  document.title = `${title.textContent} · Monotickets`
}

/** Calls `then` once the screen has its title, which may wait for data. Returns what gives up. */
function onTitle(then: (title: HTMLElement) => void): () => void {
  const look = () => {
    const title = document.querySelector<HTMLElement>('main h1')
    if (!title?.textContent) return
    observer.disconnect()
    then(title)
  }
  const observer = new MutationObserver(look)
  observer.observe(document.body, { childList: true, subtree: true, characterData: true })
  look()
  return () => observer.disconnect()
}

type Role = Schemas['User']['role']
type Props = {
  brand: string
  sections: readonly Section[]
  /** Who may see the screens; absent: everybody. */
  roles?: readonly Role[]
}

export function Shell({ brand, sections: all, roles }: Props) {
  const me = $api.useQuery('get', '/auth/me')
  // Of the screen that is there: a lazy one comes after its address.
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname })
  useEffect(() => onTitle(enter), [path, me.data])
  const user = me.data?.user
  const isAllowed = !user || !roles || roles.includes(user.role)
  const sections = isAllowed ? all : []
  if (!user) return me.error ? <NoSession error={me.error} /> : <Loading />
  return (
    <>
      <a href="#content" className={styles['skip']}>
        {WORDS.skip}
      </a>
      <header className={styles['top']}>
        {user.email.endsWith(DEMO_ACCOUNTS) ? <p className={styles['ribbon']}>{WORDS.demo}</p> : null}
        <div className={styles['bar']}>
          <Link to="/" className={styles['brand']}>
            {brand}
          </Link>
          <nav
            aria-label={WORDS.sections}
            className={`${styles['nav']} ${sections.length > MANY ? styles['many'] : ''}`}
          >
            {sections.map(({ to, label }) => (
              <Link key={to} to={to} activeOptions={{ exact: to === '/' }}>
                {label}
              </Link>
            ))}
          </nav>
          <div className={styles['account']}>
            <span>{user.name}</span>
            <Button look="quiet" onPress={() => chooseLocale(LOCALE === 'en' ? 'es-MX' : 'en')}>
              {WORDS.language}
            </Button>
            <form method="post" action="/logout">
              <Button look="quiet" type="submit">
                {WORDS.logOut}
              </Button>
            </form>
          </div>
        </div>
      </header>
      <Freshness />
      <main id="content" tabIndex={-1} className={styles['main']}>
        {isAllowed ? <Outlet /> : <Forbidden />}
      </main>
    </>
  )
}

/** Without a session, the login page comes, which leads back here. */
function NoSession({ error }: { error: unknown }) {
  const isLoggedOut = (error as { status?: number }).status === 401
  useEffect(() => {
    if (isLoggedOut) goToLogin()
  }, [isLoggedOut])
  return isLoggedOut ? <Loading /> : <Failed error={error} onRetry={() => location.reload()} />
}

export const goToLogin = (): void =>
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search + location.hash)}`)
