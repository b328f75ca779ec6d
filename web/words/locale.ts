/** The language of the pages: Spanish as it is written in Mexico, or English. It is chosen once, when a page opens. */
export type Locale = 'es-MX' | 'en'

const KEY = 'mt.locale'

export const LOCALE: Locale = readLocale()

/** The texts of this language. `en` has the shape of `es`, so that no text is missing in either. */
export const pick = <T>({ es, en }: { es: T; en: NoInfer<T> }): T => (LOCALE === 'en' ? en : es)

/** Opens the page again in the other language. */
export function chooseLocale(locale: Locale): void {
  localStorage.setItem(KEY, locale)
  location.reload()
}

function readLocale(): Locale {
  if (typeof localStorage === 'undefined') return 'es-MX'
  const chosen = localStorage.getItem(KEY) ?? navigator.language
  const locale: Locale = /^en\b/i.test(chosen) ? 'en' : 'es-MX'
  document.documentElement.lang = locale
  return locale
}
