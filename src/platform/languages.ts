/** The languages that guests read: Mexican Spanish first, then English (BCP 47). */
export const LOCALES = ['es-MX', 'en'] as const
export type Locale = (typeof LOCALES)[number]
