/** THE LIST OF SCREENS of the Director's panel. */
import { createRootRoute, createRoute } from '@tanstack/react-router'
import { Shell } from '../kit/Shell.tsx'
import { pick } from '../words/locale.ts'
import { OverviewPage } from './overview/OverviewPage.tsx'

const WORDS = pick({ es: { overview: 'Resumen' }, en: { overview: 'Overview' } })

const root = createRootRoute({
  component: () => <Shell brand="Monotickets" sections={[{ to: '/', label: WORDS.overview }]} />,
})

export const routeTree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage }),
])
