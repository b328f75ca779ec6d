/** The call that reads or imports a list. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, isProblem, type Schemas } from '../../api/client.ts'
import { useEventPath } from '../shared/event.ts'
import type { Mapping } from './mapping.ts'

export type Reviewed = Schemas['ImportResult']
export type Job = Schemas['Import']

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
