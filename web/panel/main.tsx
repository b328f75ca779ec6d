/** The Director's panel. */
import { startApp } from '../kit/app.tsx'
import { routeTree } from './routes.tsx'

startApp(routeTree, '/panel')
