/** The next page of a list, when there is one. */
import { pick } from '../words/locale.ts'
import { Button } from './Button.tsx'

const WORDS = pick({ es: { more: 'Cargar más' }, en: { more: 'Load more' } })

type Pages = { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }

export function More({ pages }: { pages: Pages }) {
  if (!pages.hasNextPage) return null
  return (
    <div>
      <Button isBusy={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
        {WORDS.more}
      </Button>
    </div>
  )
}
