/** Starts an app of screens: its router, its queries and its styles. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createRouter, RouterProvider, type AnyRoute } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { I18nProvider, RouterProvider as AriaRouterProvider } from 'react-aria-components'
import 'virtual:tokens.css'
import './base.css'
import { AGAIN_MS, isProblem } from '../api/client.ts'
import { LOCALE } from '../words/locale.ts'
import { isLasting } from './Freshness.tsx'
import { Broken, Missing } from './Lost.tsx'

const FRESH_MS = 10_000
const AGAIN_WITHOUT_NETWORK_MS = 15_000

/** `basePath`: where the app is served, such as `/panel`. */
export function startApp(routeTree: AnyRoute, basePath: string): void {
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        // An answer of the API is final; without a network it is worth another try.
        retry: (failures, error) => !isProblem(error) && failures < 2,
        refetchInterval: (query) => {
          const { error } = query.state
          if (error !== null && !isProblem(error)) return AGAIN_WITHOUT_NETWORK_MS
          return isLasting(query) ? false : AGAIN_MS
        },
      },
      // Without a network a form says so at once, instead of sending by itself later.
      mutations: { retry: false, networkMode: 'always' },
    },
  })
  const router = createRouter({
    ...{ routeTree, basepath: basePath, defaultPreload: 'intent' as const, scrollRestoration: true },
    ...{ defaultNotFoundComponent: Missing, defaultErrorComponent: Broken },
  })
  createRoot(document.getElementById('app')!).render(
    <StrictMode>
      <I18nProvider locale={LOCALE}>
        <AriaRouterProvider navigate={(to) => void router.navigate({ href: to })}>
          <QueryClientProvider client={queries}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </AriaRouterProvider>
      </I18nProvider>
    </StrictMode>,
  )
}
