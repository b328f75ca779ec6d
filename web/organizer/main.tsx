/** The organizer's pages. */
import { startApp } from '../kit/app.tsx'
import { routeTree } from './routes.tsx'

startApp(routeTree, '/organizer')
