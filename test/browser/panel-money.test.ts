/** What a Director decides about money: differences, what waits, tickets, debts that nobody will pay. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from 'pg'
import { findRunningUrl } from '../../src/platform/embedded/embedded.ts'
import { openSite, type Site } from './site.ts'
import { accountOf, aLatePayment, choose, money, rowWith, type Schemas } from './steps.ts'

const NAME = 'Bodas y Fiestas Demo'

/** As the reconciler lists them; it reads real providers alone. */
async function insertDifferences(site: Site, paymentId: string, found: [kind: string, ours: string, theirs: string][]) {
  const client = new Client({ connectionString: findRunningUrl(site.folder) })
  await client.connect()
  try {
    for (const [kind, ours, theirs] of found)
      await client.query(
        `insert into payment_differences (payment_id, kind, ours, theirs, is_fixed, found_at) values ($1, $2, $3, $4, false, now())`,
        [paymentId, kind, ours, theirs],
      )
  } finally {
    await client.end()
  }
}

test('money that needs a decision', async (t) => {
  const site = await openSite(t, { env: { LATE_PAYMENT_POLICY: 'hold' } })

  await t.test(
    'differences say in money and words what is here and what is there, and lead to the payment',
    async (t) => {
      const body = { organizerId: 'org_demo', amountCents: 50_000 }
      const { paymentId } = await site.ask<Schemas['PaymentIntent']>('director', 'POST', '/payments/intent', body)
      await insertDifferences(site, paymentId, [
        ['received', '0', '50000'],
        ['missing', 'confirmed', 'none'],
      ])
      const page = await site.open(t, 'director', '/panel')
      await page.getByRole('link', { name: '2 diferencias con el proveedor' }).click()
      await rowWith(page, 'Recibido')
        .filter({ hasText: NAME })
        .filter({ hasText: '$0.00' })
        .filter({ hasText: '$500.00 (mock)' })
        .waitFor()
      await rowWith(page, 'Falta con el proveedor')
        .filter({ hasText: 'Cobrado' })
        .filter({ hasText: 'No existe (mock)' })
        .waitFor()
      const { data } = await site.ask<Schemas['PaymentDifferencePage']>(
        'director',
        'GET',
        '/payments/differences?isFixed=false',
      )
      assert.equal(await page.getByRole('row').count(), data.length + 1, 'and the titles')

      await rowWith(page, 'Recibido').click()
      await page.getByRole('dialog', { name: 'Pago de $500.00' }).getByText(NAME).waitFor()
      await page.getByRole('dialog').getByRole('button', { name: 'Cerrar' }).click()
      await choose(page, 'Cuáles', 'Corregidas')

      await page.getByText('Todo cuadra.').waitFor()
    },
  )

  await t.test('late money is applied with a reason, and the debt is less', async (t) => {
    const before = await accountOf(site)
    await aLatePayment(site, 12_300)
    const page = await site.open(t, 'director', '/panel/money/reviews')
    await rowWith(page, '$123.00').getByRole('button', { name: 'Aplicar' }).click()
    const question = page.getByRole('dialog', { name: 'Aplicar $123.00' })
    await question.getByRole('button', { name: 'Aplicar' }).click()
    await question.getByText('Escribe por qué.').waitFor()
    assert.equal((await accountOf(site)).paidCents, before.paidCents)
    await question.getByLabel('¿Por qué?').fill('Sí es de ellos')
    await question.getByRole('button', { name: 'Aplicar' }).click()
    await page.getByText('Todo cuadra.').waitFor()

    const after = await accountOf(site)
    assert.deepEqual([after.paidCents - before.paidCents, before.openDebtCents - after.openDebtCents], [12_300, 12_300])
    await choose(page, 'Cuáles', 'Aplicados')
    await rowWith(page, '$123.00').filter({ hasText: 'Sí es de ellos' }).waitFor()
  })

  await t.test('dollars say that they pay no pesos, and do not', async (t) => {
    const before = await accountOf(site)
    await aLatePayment(site, 45_600, 'USD')
    const page = await site.open(t, 'director', '/panel/money/reviews')
    await rowWith(page, '456.00 USD').getByRole('button', { name: 'Aplicar' }).click()
    const question = page.getByRole('dialog', { name: 'Aplicar 456.00 USD' })
    await question.getByText('Queda a su favor en USD: su deuda en pesos no baja.').waitFor()
    await question.getByLabel('¿Por qué?').fill('Pagaron en dólares')
    await question.getByRole('button', { name: 'Aplicar' }).click()
    await page.getByText('Todo cuadra.').waitFor()

    assert.deepEqual(await accountOf(site), before)
    assert.equal((await accountOf(site, 'org_demo', 'USD')).creditCents, 45_600)
    await page.goto('/panel/money')
    await rowWith(page, 'SPEI-DEMO-2').waitFor()
    assert.equal(await rowWith(page, '456.00').count(), 0, 'not among pesos')
    await choose(page, 'Moneda', 'USD')
    await rowWith(page, '456.00 USD').waitFor()
    await page.goto('/panel/organizers/org_demo')
    await rowWith(page, '−456.00 USD').waitFor()
  })

  await t.test('tickets on credit raise the debt, and their reversal takes it back', async (t) => {
    const before = await accountOf(site)
    const page = await site.open(t, 'director', '/panel/organizers/org_demo')
    await page.getByRole('link', { name: 'Asignar boletos' }).click()
    const form = page.getByRole('dialog', { name: 'Asignar boletos' })
    await form.getByRole('button', { name: 'Asignar boletos' }).click()
    await form.getByText('Escribe cuántos boletos.').waitFor()
    await form.getByLabel('Boletos', { exact: true }).fill('40')
    await form.getByLabel('Precio por boleto MXN').fill('12.50')
    await form.getByText('$500.00').waitFor()
    await form.getByRole('button', { name: 'Asignar boletos' }).click()
    await form.waitFor({ state: 'detached' })
    const lent = await accountOf(site)
    assert.deepEqual(
      [lent.openDebtCents - before.openDebtCents, lent.tickets.loan.granted - before.tickets.loan.granted],
      [50_000, 40],
    )

    await rowWith(page, '$500.00').filter({ hasText: 'A crédito' }).getByRole('button', { name: 'Revertir' }).click()
    const question = page.getByRole('dialog', { name: `Revertir 40 boletos de ${NAME}` })
    await question.getByLabel('¿Por qué?').fill('Eran de otro')
    await question.getByRole('button', { name: 'Revertir' }).click()
    await rowWith(page, '$500.00').filter({ hasText: 'Revertida' }).waitFor()

    assert.deepEqual((await accountOf(site)).openDebtCents, before.openDebtCents)
  })

  await t.test('prepaid tickets come with their payment, and not from credit that is not there', async (t) => {
    const before = await accountOf(site)
    const page = await site.open(t, 'director', '/panel/tickets?assign=yes&organizerId=org_demo')
    const form = page.getByRole('dialog', { name: 'Asignar boletos' })
    await form.getByText('Prepagados', { exact: true }).click()
    await form.getByLabel('Boletos', { exact: true }).fill('10')
    await form.getByLabel('Precio por boleto MXN').fill('99.90')
    await form.getByText('De su saldo a favor', { exact: true }).click()
    await form.getByRole('button', { name: 'Asignar boletos' }).click()
    await form.getByText('Los boletos prepagados se pagan antes: su saldo a favor no alcanza.').waitFor()
    assert.deepEqual(await accountOf(site), before)
    await form.getByText('Se pagan ahora', { exact: true }).click()
    await form.getByLabel('Referencia').fill('SPEI-PREPAGO-1')
    await form.getByRole('button', { name: 'Asignar boletos' }).click()
    await form.waitFor({ state: 'detached' })

    const after = await accountOf(site)
    assert.deepEqual(
      [
        after.openDebtCents - before.openDebtCents,
        after.paidCents - before.paidCents,
        after.tickets.prepaid.granted - before.tickets.prepaid.granted,
      ],
      [0, 99_900, 10],
    )
    await rowWith(page, '$999.00').filter({ hasText: 'Prepagados' }).waitFor()
  })

  await t.test('a part of a debt is written off with a reason, and never more than the debt', async (t) => {
    const { openDebtCents: owedCents } = await accountOf(site)
    const page = await site.open(t, 'director', '/panel/organizers/org_demo')
    await page.getByRole('button', { name: 'Condonar deuda' }).click()
    const question = page.getByRole('dialog', { name: new RegExp(`Condonar .* a ${NAME}`) })
    await question.getByLabel('Monto MXN').fill(String(owedCents / 100 + 1))
    await question.getByLabel('¿Por qué?').fill('Acuerdo de cierre')
    await question.getByRole('button', { name: 'Condonar deuda' }).click()
    await question.getByText('El monto es mayor que la deuda.').waitFor()
    assert.equal((await accountOf(site)).openDebtCents, owedCents)
    await question.getByLabel('Monto MXN').fill('10.50')
    await question.getByRole('button', { name: 'Condonar deuda' }).click()
    await question.waitFor({ state: 'detached' })

    await page
      .getByText(money(owedCents - 1050), { exact: true })
      .first()
      .waitFor()
    assert.equal((await accountOf(site)).openDebtCents, owedCents - 1050)
    await rowWith(page, 'Acuerdo de cierre').filter({ hasText: '−$10.50' }).waitFor()
  })
})
