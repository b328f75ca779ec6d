/** A list of the API, page by page: its table, its states, and the button for more. */
import type { ReactNode } from 'react'
import { rowsOf } from '../api/pages.ts'
import { DataTable, type ColumnOf } from './DataTable.tsx'
import { More } from './More.tsx'
import { Loaded } from './State.tsx'

type Pages<R> = {
  data: { pages: { data: R[] }[] } | undefined
  error: unknown
  isPending: boolean
  fetchStatus: 'fetching' | 'paused' | 'idle'
  refetch: () => unknown
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => unknown
}

type Props<R> = {
  pages: Pages<R>
  label: string
  columns: readonly ColumnOf<R>[]
  idOf: (row: R) => string
  empty: ReactNode
  onOpen?: (id: string) => void
  selected?: ReadonlySet<string>
  onSelect?: (ids: Set<string>) => void
}

export function PagedTable<R>({ pages, ...table }: Props<R>) {
  return (
    <Loaded query={pages}>
      {(data) => (
        <>
          <DataTable {...table} rows={rowsOf<R>(data)} />
          <More pages={pages} />
        </>
      )}
    </Loaded>
  )
}
