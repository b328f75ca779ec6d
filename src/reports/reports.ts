/** What other domains may call. */
export { deleteOldExports } from './sql.ts'
