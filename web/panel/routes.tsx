/** THE LIST OF SCREENS of the Director's panel. All but the first view are loaded when they are opened. */
import { createRootRoute, createRoute } from '@tanstack/react-router'
import { Shell } from '../kit/Shell.tsx'
import { pick } from '../words/locale.ts'
import { readSearch } from './filters/search.ts'
import { OverviewPage } from './overview/OverviewPage.tsx'

const WORDS = pick({
  es: {
    overview: 'Resumen',
  },
  en: {
    overview: 'Overview',
  },
})

const root = createRootRoute({
  component: () => <Shell brand="Monotickets" sections={[{ to: '/', label: WORDS.overview }]} />,
})
const at = <P extends string>(path: P) => ({ getParentRoute: () => root, path })

export const routeTree = root.addChildren([
  createRoute({ ...at('/'), validateSearch: readSearch('from', 'to', 'organizerId'), component: OverviewPage }),
])
