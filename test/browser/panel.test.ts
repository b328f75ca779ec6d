/** What a Director does in the panel: money that comes in, a message that is stuck, money that came too late. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { components } from '../../web/api/schema.d.ts'
import { openSite, type Site } from './site.ts'

type Schemas = components['schemas']

/** The first failure ends a message, and late money waits for a person. */
const SETTINGS = { DELIVERY_MAX_ATTEMPTS: '1', LATE_PAYMENT_POLICY: 'hold' }
const NAME = 'Bodas y Fiestas Demo'
/** WhatsApp fails for this guest until a person retries. */
const STUCK = { id: 'g27', name: 'Nadia Soto' }
const WAIT = { timeoutMs: 20_000, everyMs: 300 }

/** The name of a row is its first cell; its text is all of them. */
const rowWith = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text })
/** The screen is there when its title has the focus. */
const heading = (page: Page, name: string) => page.locator('h1:focus', { hasText: name }).waitFor()
const money = (cents: number) => `$${(cents / 100).toLocaleString('es-MX', { minimumFractionDigits: 2 })}`
/** The amount in a text, which has one. */
const centsOf = (text: string | null) =>
  Math.round(Number(/\$([\d,]+\.\d\d)/.exec(text!)![1]!.replaceAll(',', '')) * 100)
const balanceOf = async (site: Site) =>
  (await site.ask<{ account: Schemas['Account'] }>('director', 'GET', '/organizers/org_demo/balance')).account

/** Asks until there is an answer. */
async function waitFor<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + WAIT.timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > endMs) throw new Error(`No ${what} within ${WAIT.timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, WAIT.everyMs))
  }
}

const choose = async (page: Page, label: string, option: string) => {
  await page
    .getByRole('button', { name: new RegExp(label) })
    .last()
    .click()
  await page.getByRole('option', { name: option }).click()
}

test('the panel', async (t) => {
  const site = await openSite(t, { env: SETTINGS })

  await t.test('a payment that is entered by hand changes the numbers, and Back keeps the filters', async (t) => {
    const page = await site.open(t, 'director', '/panel')
    const { openDebtCents: owedCents } = await balanceOf(site)
    await choose(page, 'Organizador', NAME)
    await page.waitForURL(/organizerId=org_demo/)
    await page.getByRole('link', { name: `Deuda abierta ${money(owedCents)}` }).waitFor()
    const paidCents = centsOf(await page.getByRole('link', { name: /^Cobrado/ }).textContent())

    await page.getByRole('link', { name: /^Cobrado/ }).click()
    await heading(page, 'Dinero')
    await rowWith(page, 'SPEI-DEMO-2').waitFor()
    await page.getByRole('link', { name: 'Registrar pago' }).click()
    const form = page.getByRole('dialog', { name: 'Registrar pago' })
    await form.getByLabel('Monto MXN').fill('1,000.50')
    await form.getByLabel('Referencia').fill('SPEI-PANEL-1')
    const left = form.getByLabel('Queda')
    await left.filter({ hasText: money(owedCents - 100_050) }).waitFor()
    await form.getByRole('button', { name: 'Registrar $1,000.50' }).click()
    await form.getByText(`Pago registrado. Deuda: ${money(owedCents - 100_050)} (antes ${money(owedCents)}).`).waitFor()
    await form.getByRole('button', { name: 'Cerrar', exact: true }).click()
    await rowWith(page, 'SPEI-PANEL-1').filter({ hasText: '$1,000.50' }).waitFor()

    await page.goBack() // to the list, before the form was opened
    assert.match(page.url(), /\/panel\/money\?.*organizerId=org_demo/)
    await page.goBack()
    await heading(page, 'Resumen')
    assert.match(page.url(), /organizerId=org_demo/)
    await page.getByRole('link', { name: `Deuda abierta ${money(owedCents - 100_050)}` }).waitFor()
    await page.getByRole('link', { name: `Cobrado ${money(paidCents + 100_050)}` }).waitFor()
    const chart = page.getByRole('figure', { name: /^Cobros por/ })
    await chart
      .getByText(`Cobros: ${money(paidCents + 100_050)} en`)
      .first()
      .waitFor()
    assert.equal((await balanceOf(site)).openDebtCents, owedCents - 100_050)
  })

  await t.test('the same reference twice is refused in words, and nothing is booked', async (t) => {
    const { openDebtCents: owedCents } = await balanceOf(site)
    const page = await site.open(t, 'director', '/panel/money?enter=payment&organizerId=org_demo')
    const form = page.getByRole('dialog', { name: 'Registrar pago' })
    await form.getByRole('button', { name: 'Registrar' }).click()
    await form.getByText('Escribe un monto, como 12,000.00.').waitFor()
    await form.getByLabel('Monto MXN').fill('10')
    await form.getByLabel('Referencia').fill('spei-demo-1')
    await form.getByRole('button', { name: 'Registrar $10.00' }).click()

    await form.getByText('Esa referencia ya existe.').waitFor()

    assert.equal((await balanceOf(site)).openDebtCents, owedCents)
  })

  await t.test('a payment is reversed with a reason, and the debt is what it was', async (t) => {
    const { openDebtCents: owedCents } = await balanceOf(site)
    const entered = { organizerId: 'org_demo', amountCents: 5000, method: 'cash', reference: 'CAJA-7' }
    await site.ask('director', 'POST', '/director/payments', entered)
    const page = await site.open(t, 'director', '/panel/money')
    await rowWith(page, 'CAJA-7').click()
    await page.getByRole('dialog', { name: 'Pago de $50.00' }).getByRole('button', { name: 'Revertir' }).click()
    const question = page.getByRole('dialog', { name: `Revertir el pago de $50.00 de ${NAME}` })
    await question.getByRole('button', { name: 'Revertir' }).click()
    await question.getByText('Escribe por qué.').waitFor()
    await question.getByLabel('¿Por qué?').fill('Se capturó dos veces')
    await question.getByRole('button', { name: 'Revertir' }).click()
    await question.waitFor({ state: 'detached' })

    await page.getByRole('dialog', { name: 'Pago de $50.00' }).getByText('Revertido', { exact: true }).first().waitFor()

    assert.equal((await balanceOf(site)).openDebtCents, owedCents)
  })

  await t.test('a payment whose answer is lost and whose session ends is entered once', async (t) => {
    const { openDebtCents: owedCents } = await balanceOf(site)
    const page = await site.open(t, 'director', '/panel/money?enter=payment&organizerId=org_demo')
    const form = page.getByRole('dialog', { name: 'Registrar pago' })
    await form.getByLabel('Monto MXN').fill('12,50')
    await form.getByRole('button', { name: 'Registrar' }).click()
    await form.getByText('Escribe un monto, como 12,000.00.').waitFor()
    await form.getByLabel('Monto MXN').fill('20')
    await page.mouse.click(5, 5)
    const cookies = await page.context().cookies()
    await page.context().clearCookies()
    await form.getByRole('button', { name: 'Registrar $20.00' }).click()
    await form.getByRole('button', { name: 'Entrar otra vez' }).click()
    const question = page.getByRole('dialog', { name: 'Entrar otra vez' })
    await question.getByLabel('Contraseña').fill(site.accounts.director.password)
    await question.getByRole('button', { name: 'Entrar otra vez' }).click()
    await form.getByText('Ya entraste.').waitFor()
    assert.notDeepEqual(await page.context().cookies(), cookies)

    await page.route('**/director/payments', async (route) => {
      await route.fetch()
      await route.abort('internetdisconnected')
    })
    await form.getByRole('button', { name: 'Registrar $20.00' }).click()
    await form.getByText('Sin conexión.').waitFor()
    await page.unroute('**/director/payments')
    await form.getByRole('button', { name: 'Registrar $20.00' }).click()
    await form.getByText('Pago registrado.').waitFor()

    assert.equal((await balanceOf(site)).openDebtCents, owedCents - 2000)
  })

  await t.test('dates are typed, and count when they are complete', async (t) => {
    const page = await site.open(t, 'director', '/panel?from=2026-10-01&to=2026-12-31')
    await page.getByLabel('Desde').click({ position: { x: 14, y: 14 } })
    await page.keyboard.type('11112026') // in any order of day and month
    assert.match(page.url(), /from=2026-10-01/)
    await page.keyboard.press('Enter')

    await page.waitForURL(/from=2026-11-11/)
  })

  await t.test('a stuck message is found from the overview and retried', async (t) => {
    await site.ask('director', 'POST', `/events/ev_demo/guests/${STUCK.id}/send`, { channel: 'whatsapp' })
    const letter = await waitFor('dead letter', async () => {
      const { data } = await site.ask<Schemas['DeadLetterPage']>('director', 'GET', '/ops/dead-letters')
      return data[0]
    })
    const page = await site.open(t, 'director', '/panel')
    await page.getByRole('link', { name: '1 mensaje detenido' }).click()
    await heading(page, 'Mensajes')
    const row = rowWith(page, STUCK.name)
    await row.press('Space') // the grid moves the focus of a box in it to its row
    await page.getByRole('button', { name: 'Reintentar 1' }).click()
    await page.getByRole('dialog', { name: 'Reintentar 1' }).getByRole('button', { name: 'Reintentar 1' }).click()

    await page.getByText('Nada detenido.').waitFor()

    const { data } = await site.ask<Schemas['DeadLetterPage']>('director', 'GET', '/ops/dead-letters?resolved=true')
    assert.deepEqual([data[0]!.id, data[0]!.resolution], [letter.id, 'retried'])
    await waitFor('delivery that was sent', async () => {
      const { status } = await site.ask<{ status: string }>('director', 'GET', `/deliveries/${letter.refId}`)
      return ['sent', 'delivered', 'read'].includes(status) ? status : undefined
    })
  })

  await t.test('money that came too late is dismissed with a reason', async (t) => {
    const intent = await site.ask<Schemas['PaymentIntent']>('director', 'POST', '/payments/intent', {
      ...{ organizerId: 'org_demo', amountCents: 70_000 },
    })
    for (const status of ['expired', 'confirmed']) {
      const event = { id: `evt_${status}`, providerRef: intent.providerRef, status }
      await site.ask('director', 'POST', '/payments/webhook/mock', event)
      const expected = status === 'expired' ? 'expired' : 'late'
      await waitFor(`payment that is ${expected}`, async () => {
        const path = `/payments/${intent.paymentId}`
        const { payment } = await site.ask<{ payment: { status: string } }>('director', 'GET', path)
        return payment.status === expected ? true : undefined
      })
    }
    const page = await site.open(t, 'director', '/panel')
    await page.getByRole('link', { name: '1 pago por revisar' }).click()
    const row = rowWith(page, 'Llegó tarde').filter({ hasText: '$700.00' })
    await row.getByRole('button', { name: 'Descartar' }).click()
    const question = page.getByRole('dialog', { name: 'Descartar $700.00' })
    await question.getByLabel('¿Por qué?').fill('Se devolvió en ventanilla')
    await question.getByRole('button', { name: 'Descartar' }).click()

    await page.getByText('Todo cuadra.').waitFor()

    const { data } = await site.ask<Schemas['PaymentReviewPage']>(
      'director',
      'GET',
      '/payments/reviews?status=dismissed',
    )
    assert.equal(data[0]!.decision, 'Se devolvió en ventanilla')
  })

  await t.test('the table under a chart has its numbers, and the file is that of the report', async (t) => {
    const page = await site.open(t, 'director', '/panel')
    const figure = page.getByRole('figure', { name: /^Cobros por/ })
    await figure.getByRole('img', { name: /^Cobros/ }).waitFor()
    await figure.getByRole('button', { name: 'Ver tabla' }).click()
    const total = await figure.getByRole('row').last().getByRole('cell').last().textContent()
    const waiting = page.waitForEvent('download')
    await figure.getByRole('button', { name: /^Bajar CSV/ }).click()
    const file = await waiting

    assert.match(total!, /^\$[\d,]+\.\d\d$/)
    assert.equal(file.suggestedFilename(), 'payments.csv')
    await figure.getByRole('row').last().getByRole('link').click()
    await heading(page, 'Dinero')
    assert.match(page.url(), /group=confirmed/)
  })

  await t.test('an organizer is told that the panel is not theirs', async (t) => {
    const page = await site.open(t, 'organizer', '/panel')

    await page.getByText('Tu cuenta no puede ver esto.').first().waitFor()
  })
})
