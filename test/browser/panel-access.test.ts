/** Who may come in: people by links that are shown once, programs by keys, and what the audit log says of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { call } from '../program.ts'
import { openSite, type Site } from './site.ts'
import { choose, rowWith, type Schemas } from './steps.ts'

const NAME = 'Bodas y Fiestas Demo'
const PERSON = { name: 'Lucía Prueba', email: 'lucia@example.com', password: 'una frase larga y nueva' }

const findPerson = async (site: Site) =>
  (await site.ask<{ data: Schemas['ManagedUser'][] }>('director', 'GET', '/users')).data.find(
    ({ email }) => email === PERSON.email,
  )
const logIn = async ({ url }: Site, password: string) =>
  (await call(url, 'POST', '/auth/login', { email: PERSON.email, password })).status
const shown = (page: Page, label: string) => page.getByRole('dialog').getByLabel(label).inputValue()

test('people, keys and the audit log', async (t) => {
  const site = await openSite(t)

  await t.test('an invitation is shown once, and its link lets a person choose a password and come in', async (t) => {
    const page = await site.open(t, 'director', '/panel/users')
    await page.getByRole('link', { name: 'Invitar' }).click()
    const form = page.getByRole('dialog', { name: 'Invitar a una persona' })
    await form.getByRole('button', { name: 'Crear invitación' }).click()
    await form.getByText('Elige un organizador.').waitFor()
    await form.getByLabel('Nombre').fill(PERSON.name)
    await form.getByLabel('Correo').fill(PERSON.email)
    await choose(page, 'Organizador', NAME)
    await form.getByRole('button', { name: 'Crear invitación' }).click()
    await form.getByText(`Envíalo a ${PERSON.name}.`).waitFor()
    const link = await shown(page, 'Enlace para elegir contraseña')
    await form.getByRole('button', { name: 'Cerrar' }).click()
    await rowWith(page, PERSON.name).filter({ hasText: 'Invitado' }).waitFor()
    assert.equal((await findPerson(site))!.hasPassword, false)
    await page.reload()
    await rowWith(page, PERSON.name).waitFor()
    assert.ok(!(await page.content()).includes(new URL(link).hash.slice(1)), 'the secret is not there again')

    const own = await site.open(t, null, `${new URL(link).pathname}${new URL(link).hash}`)
    await own.getByLabel('Contraseña nueva').fill(PERSON.password)
    await own.getByLabel('Escríbela otra vez').fill(PERSON.password)
    await own.getByRole('button', { name: 'Guardar contraseña' }).click()
    await own.getByText('Listo: ya puedes entrar').waitFor()

    assert.equal(await logIn(site, PERSON.password), 200)
    await page.reload()
    await rowWith(page, PERSON.name).filter({ hasText: 'Activo' }).waitFor()
  })

  await t.test(
    'whoever is disabled stays out until they are enabled, and a new link ends the old password',
    async (t) => {
      const page = await site.open(t, 'director', '/panel/users')
      const row = rowWith(page, PERSON.name)
      await row.getByRole('button', { name: 'Desactivar' }).click()
      const question = page.getByRole('dialog', { name: `Desactivar a ${PERSON.name}` })
      await question.getByRole('button', { name: 'Desactivar' }).click()
      await row.filter({ hasText: 'Desactivado' }).waitFor()
      assert.deepEqual([(await findPerson(site))!.disabled, await logIn(site, PERSON.password)], [true, 401])

      await row.getByRole('button', { name: 'Activar' }).click()
      await row.filter({ hasText: 'Activo' }).waitFor()
      assert.deepEqual([(await findPerson(site))!.disabled, await logIn(site, PERSON.password)], [false, 200])

      await row.getByRole('button', { name: 'Nueva contraseña' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Crear enlace' }).click()
      await page.getByText(`Envíalo a ${PERSON.name}.`).waitFor()
      const link = new URL(await shown(page, 'Enlace para elegir contraseña'))
      const own = await site.open(t, null, `${link.pathname}${link.hash}`)
      await own.getByLabel('Contraseña nueva').fill('otra frase larga y nueva')
      await own.getByLabel('Escríbela otra vez').fill('otra frase larga y nueva')
      await own.getByRole('button', { name: 'Guardar contraseña' }).click()
      await own.getByText('Listo: ya puedes entrar').waitFor()

      assert.deepEqual([await logIn(site, PERSON.password), await logIn(site, 'otra frase larga y nueva')], [401, 200])
    },
  )

  await t.test('a key is shown once, renewed with a day for the old one, and deleted at once', async (t) => {
    const use = async (key: string) =>
      (await call(site.url, 'GET', '/events', undefined, { authorization: `Bearer ${key}` })).status
    const page = await site.open(t, 'director', '/panel/keys')
    await page.getByRole('link', { name: 'Nueva llave' }).click()
    const form = page.getByRole('dialog', { name: 'Nueva llave' })
    await form.getByLabel('Para qué es').fill('Sitio web')
    await form.getByRole('button', { name: 'Crear llave' }).click()
    await form.getByText('Cópialo ahora').waitFor()
    const first = await shown(page, 'Llave')
    await form.getByRole('button', { name: 'Cerrar' }).click()
    assert.equal(await use(first), 200)
    const row = rowWith(page, 'Sitio web')
    await row.filter({ hasText: 'Nunca' }).waitFor()

    await row.getByRole('button', { name: 'Renovar' }).click()
    const renewal = page.getByRole('dialog', { name: 'Renovar la llave «Sitio web»' })
    await renewal.getByRole('button', { name: 'Renovar' }).click()
    await renewal.getByText('Cópialo ahora').waitFor()
    const second = await shown(page, 'Llave')
    await renewal.getByRole('button', { name: 'Cerrar' }).click()
    assert.deepEqual([second !== first, await use(first), await use(second)], [true, 200, 200])
    await row.filter({ hasText: 'Renovada' }).waitFor()
    assert.ok(!(await page.content()).includes(second), 'the secret is not there again')

    await row.filter({ hasNotText: 'Renovada' }).getByRole('button', { name: 'Borrar' }).click()
    const question = page.getByRole('dialog', { name: 'Borrar la llave «Sitio web»' })
    await question.getByRole('button', { name: 'Borrar' }).click()
    await question.waitFor({ state: 'detached' })
    assert.equal(await use(second), 401)
  })

  await t.test('the audit log is filtered, and shows what a field was before', async (t) => {
    const before = await site.ask<{ name: string }>('director', 'GET', '/events/ev_demo')
    await site.ask('organizer', 'PATCH', '/events/ev_demo', { name: 'Boda de Ana y Luis, otra fecha' })
    const page = await site.open(t, 'director', '/panel/audit')
    await rowWith(page, 'Usuario, invitación').first().waitFor()
    await choose(page, 'Tipo', 'Evento')
    await page.waitForURL(/entity=event/)
    const row = rowWith(page, 'Evento, cambio').filter({ hasText: 'Organización (demo)' }).filter({ hasText: NAME })
    await row.first().waitFor()
    assert.equal(await rowWith(page, 'Usuario, invitación').count(), 0)
    await row.first().click()
    const entry = page.getByRole('dialog', { name: 'Evento, cambio' })
    await entry.getByRole('row', { name: `Nombre ${before.name} Boda de Ana y Luis, otra fecha` }).waitFor()
    await page.keyboard.press('Escape')

    await choose(page, 'Quién', 'Dirección (demo)')
    await page.waitForURL(/actor=/)
    await page.getByText('Nadie cambió nada así en estas fechas.').waitFor()
    await page.goBack()
    await choose(page, 'Quién', 'Cualquiera')
    await choose(page, 'Tipo', 'Llave')
    await rowWith(page, 'Llave, alta').first().waitFor()
  })
})
