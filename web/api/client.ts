/** The API for apps with queries; the door has none and takes call.ts. */
import createQueries from 'openapi-react-query'
import { api } from './call.ts'

export { api, isProblem, type Problem, type Schemas } from './call.ts'

/** Calls as hooks: `$api.useQuery('get', '/events', …)`. Their errors are problems, or a TypeError without a network. */
export const $api = createQueries(api)

/** How often what is looked at is asked for again, so that it is never old while there is a network. */
export const AGAIN_MS = 5 * 60_000
