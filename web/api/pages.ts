/** How lists come in pages: each answer has the cursor of the next. */
type Paged = { page: { nextCursor: string | null } }

/** The options of `$api.useInfiniteQuery` for every list of the API. */
export const BY_CURSOR = {
  pageParamName: 'cursor',
  // The library takes undefined for 0.
  initialPageParam: null,
  getNextPageParam: (last: Paged) => last.page.nextCursor ?? undefined,
}

type Reply<R> = { data?: Paged & { data: R[] }; error?: unknown }

/** Reads a list to its end, for a choice of one of its rows. `read` gets the cursor of a page, as part of its query. */
export async function readAll<R>(read: (at: { cursor?: string }) => Promise<Reply<R>>): Promise<{ data: R[] }> {
  const rows: R[] = []
  let cursor: string | null = null
  do {
    const { data, error } = await read(cursor === null ? {} : { cursor })
    if (!data) throw error
    rows.push(...data.data)
    cursor = data.page.nextCursor
  } while (cursor !== null)
  return { data: rows }
}

/** The rows of all pages that were loaded. */
export const rowsOf = <R>(data: { pages: { data: R[] }[] } | undefined): R[] =>
  data?.pages.flatMap((page) => page.data) ?? []
