/** What other domains may call. */
export { deleteOldImports } from './sql.ts'
