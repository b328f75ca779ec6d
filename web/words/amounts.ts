/** Reads an amount of money as people write it: `12,000.50`, `$ 12 000`. */

const AMOUNT = /^\d{1,10}(\.\d{1,2})?$/

/** Returns cents; null for what is no amount. A comma groups thousands, as in Mexico. */
export function readCents(text: string): number | null {
  const plain = text.replace(/[\s$,]|MXN/gi, '')
  return AMOUNT.test(plain) ? Math.round(Number(plain) * 100) : null
}
