/** The call that reads or imports a list. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, isProblem, type Schemas } from '../../api/client.ts'
import { saveFile } from '../../kit/files.ts'
import { LOCALE } from '../../words/locale.ts'
import { useEventPath } from '../shared/event.ts'
import type { Mapping } from './mapping.ts'
import { WORDS } from './words.ts'

export type Reviewed = Schemas['ImportResult']
export type Job = Schemas['Import']

type Upload = { file: File; mapping: Mapping; dryRun: boolean }

/** Reads a list (`dryRun`; the first rows of a long one) or imports it. A long list becomes a job, which the answer names. */
export function useUpload() {
  const path = useEventPath()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async ({ file, mapping, dryRun }: Upload): Promise<Reviewed | Job> => {
      const { data, error } = await api.POST('/events/{eventId}/guests/import', {
        params: {
          path,
          query: { dryRun, partial: dryRun },
          ...(dryRun ? {} : { header: { 'Idempotency-Key': crypto.randomUUID() } }),
        },
        body: { file: file.name, mapping: JSON.stringify(mapping) },
        bodySerializer: ({ mapping }) => formOf(file, mapping),
      })
      if (error) throw error
      return data
    },
    onSuccess: (_result, { dryRun }) => (dryRun ? undefined : queries.invalidateQueries()),
  })
}

/** Saves the rows that an import would reject, as the file that it would leave. */
export function useRejectedFile() {
  const path = useEventPath()
  return useMutation({
    mutationFn: async ({ file, mapping }: Pick<Upload, 'file' | 'mapping'>) => {
      const { data, error } = await api.POST('/events/{eventId}/guests/import/rejected.csv', {
        params: { path, query: { locale: LOCALE } },
        body: { file: file.name, mapping: JSON.stringify(mapping) },
        bodySerializer: ({ mapping }) => formOf(file, mapping),
        parseAs: 'blob',
      })
      if (error) throw error
      saveFile(data, WORDS.errorsFile)
    },
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
