/** What the pages show of the state of the system. */
export { checkReadiness, type Checks } from './readiness.ts'
