/** Texts that were written and are not saved. They are still there after another section was opened, until the tab closes. */
import { useState } from 'react'
import type { Locale, Texts } from './texts.ts'

type Drafts = Partial<Record<Locale, Texts>>
/** Of the draft of a language, if there is one; undefined takes it away. */
export type Change = (now: Texts | undefined) => Texts | undefined

const read = (key: string) => JSON.parse(sessionStorage.getItem(key) ?? '{}') as Drafts

/** A save may end when its page has been left, so what is kept is changed first, and then what is shown. */
export function useDrafts(eventId: string): [Drafts, (locale: Locale, change: Change) => void] {
  const key = `mt.texts.${eventId}`
  const [drafts, setDrafts] = useState(() => read(key))
  const keep = (locale: Locale, change: Change) => {
    const now = read(key)
    const changed = { ...now, [locale]: change(now[locale]) }
    sessionStorage.setItem(key, JSON.stringify(changed))
    setDrafts(changed)
  }
  return [drafts, keep]
}
