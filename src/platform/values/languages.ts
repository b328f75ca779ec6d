/** The languages of guests as BCP 47 tags; Mexican Spanish is the default. */
export const LOCALES = ['es-MX', 'en'] as const
export type Locale = (typeof LOCALES)[number]
