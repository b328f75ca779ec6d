/** What other domains may call. */
export { eraseRejects } from './erasing.ts'
export { deleteOldImports } from './sql.ts'
