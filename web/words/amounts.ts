/** Reads numbers as people write them in Mexico: a comma or a space groups thousands, and a point comes before the cents. */

const CENTS = /^(\d{1,10}|\d{1,3}([,\s]\d{3}){1,3})(\.\d{1,2})?$/
const COUNT = /^(\d{1,9}|\d{1,3}([,\s]\d{3}){1,2})$/

/** Returns the cents of `12,000.50` or `$ 12 000`; null for what is no amount, as is `12,50`: it could be read in two ways. */
export function readCents(text: string): number | null {
  const plain = text.replace(/\$|MXN/gi, '').trim()
  return CENTS.test(plain) ? Math.round(Number(withoutGroups(plain)) * 100) : null
}

/** Returns the number of `1,500`; null for what is no whole number. */
export function readCount(text: string): number | null {
  const plain = text.trim()
  return COUNT.test(plain) ? Number(withoutGroups(plain)) : null
}

const withoutGroups = (text: string): string => text.replace(/[,\s]/g, '')
