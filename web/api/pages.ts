/** How lists come in pages: each answer has the cursor of the next. */
type Paged = { page: { nextCursor: string | null } }

/** The options of `$api.useInfiniteQuery` for every list of the API. */
export const BY_CURSOR = {
  pageParamName: 'cursor',
  // The library takes undefined for 0.
  initialPageParam: null,
  getNextPageParam: (last: Paged) => last.page.nextCursor ?? undefined,
}

/** The rows of all pages that were loaded. */
export const rowsOf = <R>(data: { pages: { data: R[] }[] } | undefined): R[] =>
  data?.pages.flatMap((page) => page.data) ?? []
