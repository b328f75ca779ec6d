/** What every kind of file is read as. */
import { Failure } from '../platform/errors.ts'

/** `row`: as a spreadsheet counts, from 1. Every cell is text. */
export type Line = { row: number; cells: string[] }

/** A list of guests has some ten columns. */
export const COLUMNS_MAX = 200

export const unsupported = (detail = 'Send a CSV or XLSX file.') => new Failure('unsupported_file', { detail })
