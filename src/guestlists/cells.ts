/** How values stand in the cells of our files, so that a file that we wrote is read as what it was. */

/** What a spreadsheet would run as a formula, also behind apostrophes that already stand there. */
const FORMULA = /^'*[=+\-@\t\r＝＋－＠]/

/** The text for a cell of CSV, with an apostrophe before what would be run. */
export const toCsvCell = (text: string): string => (FORMULA.test(text) ? `'${text}` : text)

/** Without that apostrophe, which a spreadsheet writes, too. */
export const fromCsvCell = (text: string): string => (text.startsWith("'") && FORMULA.test(text) ? text.slice(1) : text)

/** A tag may have a comma; a backslash stands before it then. */
export const joinTags = (tags: string[]): string => tags.map((tag) => tag.replace(/[,;|\\]/g, '\\$&')).join(', ')

export const splitTags = (text: string): string[] =>
  (text.match(/(?:\\[,;|\\]|[^,;|\n\r])+/g) ?? []).map((tag) => tag.replace(/\\([,;|\\])/g, '$1'))
