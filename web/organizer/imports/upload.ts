/** The call that reads or imports a list, and which column holds what. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, isProblem, type Schemas } from '../../api/client.ts'
import { useEventPath } from '../shared/event.ts'
import type { FieldName } from './words.ts'

export type Heading = { heading: string; field: FieldName | null }
export type Reviewed = Schemas['ImportResult']
export type Job = Schemas['Import']

/** A field by the heading of its column; null: no column holds it, whatever its heading says. */
export type Mapping = Partial<Record<FieldName, string | null>>

/** What `chosen` says otherwise than what was `found` by the headings. */
export function mappingOf(found: readonly Heading[], chosen: readonly Heading[]): Mapping {
  const fields = new Set([...found, ...chosen].flatMap(({ field }) => field ?? []))
  const columnsOf = (headings: readonly Heading[], name: FieldName) =>
    headings.flatMap(({ heading, field }) => (field === name ? heading : []))
  return Object.fromEntries(
    [...fields].flatMap((field) => {
      const columns = columnsOf(chosen, field)
      const isSame = columns.join('\n') === columnsOf(found, field).join('\n')
      return isSame ? [] : [[field, columns.at(-1) ?? null]]
    }),
  )
}

type Upload = { file: File; mapping: Mapping; dryRun: boolean }

/** Reads a list (`dryRun`) or imports it. A long list becomes a job, which the answer names. */
export function useUpload() {
  const path = useEventPath()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async ({ file, mapping, dryRun }: Upload): Promise<Reviewed | Job> => {
      const { data, error } = await api.POST('/events/{eventId}/guests/import', {
        params: { path, query: { dryRun }, ...(dryRun ? {} : { header: { 'Idempotency-Key': crypto.randomUUID() } }) },
        body: { file: file.name, mapping: JSON.stringify(mapping) },
        bodySerializer: ({ mapping }) => formOf(file, mapping),
      })
      if (error) throw error
      return data
    },
    onSuccess: (_result, { dryRun }) => (dryRun ? undefined : queries.invalidateQueries()),
  })
}

function formOf(file: File, mapping = '{}'): FormData {
  const form = new FormData()
  form.set('mapping', mapping)
  form.set('file', file)
  return form
}

/** The headings of a list in which no column of names was found. */
export function headingsOf(error: unknown): string[] | null {
  if (!isProblem(error) || error.code !== 'columns_not_found') return null
  return (error.errors ?? []).map(({ message }) => message)
}

export const isTooLong = (error: unknown): boolean => isProblem(error) && error.code === 'too_many_rows'
