/** What tests of the panel do over and over. */
import type { Page } from 'playwright-core'
import type { components } from '../../web/api/schema.d.ts'
import type { Site } from './site.ts'

export type Schemas = components['schemas']

const WAIT = { timeoutMs: 20_000, everyMs: 300 }

/** The name of a row is its first cell; its text is all of them. */
export const rowWith = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text })
/** The screen is there when its title has the focus. */
export const heading = (page: Page, name: string) => page.locator('h1:focus', { hasText: name }).waitFor()
export const money = (cents: number) => `$${(cents / 100).toLocaleString('es-MX', { minimumFractionDigits: 2 })}`

export async function accountOf(site: Site, organizerId = 'org_demo', currency = 'MXN'): Promise<Schemas['Account']> {
  const path = `/organizers/${organizerId}/balance?currency=${currency}`
  return (await site.ask<{ account: Schemas['Account'] }>('director', 'GET', path)).account
}

/** Asks until there is an answer. */
export async function waitFor<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + WAIT.timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > endMs) throw new Error(`No ${what} within ${WAIT.timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, WAIT.everyMs))
  }
}

export async function choose(page: Page, label: string, option: string): Promise<void> {
  await page
    .getByRole('button', { name: new RegExp(label) })
    .last()
    .click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

/** Money that comes after its intent has expired, which waits for a person (LATE_PAYMENT_POLICY=hold). */
export async function aLatePayment(site: Site, amountCents: number, currency = 'MXN'): Promise<string> {
  const intent = await site.ask<Schemas['PaymentIntent']>('director', 'POST', '/payments/intent', {
    ...{ organizerId: 'org_demo', amountCents, currency },
  })
  for (const status of ['expired', 'confirmed']) {
    const event = { id: `evt_${intent.paymentId}_${status}`, providerRef: intent.providerRef, status }
    await site.ask('director', 'POST', '/payments/webhook/mock', event)
    const expected = status === 'expired' ? 'expired' : 'late'
    await waitFor(`payment that is ${expected}`, async () => {
      const { payment } = await site.ask<{ payment: { status: string } }>(
        'director',
        'GET',
        `/payments/${intent.paymentId}`,
      )
      return payment.status === expected ? true : undefined
    })
  }
  return intent.paymentId
}
