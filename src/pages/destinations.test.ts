import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Role } from '../http/access.ts'
import { chooseDestination } from './destinations.ts'

for (const [role, home] of [
  ['director', '/panel'],
  ['organizer', '/organizer'],
  ['viewer', '/organizer'],
  ['staff', '/door'],
] as [Role, string][])
  test(`without a wish the ${role} goes to ${home}`, () => {
    assert.equal(chooseDestination(undefined, role), home)
    assert.equal(chooseDestination('', role), home)
  })

const GRANTED: [string, Role, string?][] = [
  ['/panel', 'director'],
  ['/panel/', 'director'],
  ['/panel/dinero?desde=2026-12-01&orden=monto#fila-3', 'director'],
  ['/panel/a//b', 'director'],
  ['/organizer/eventos/ev_1/invitados?q=Jos%C3%A9', 'viewer'],
  ['/organizer/ñandú', 'organizer', '/organizer/%C3%B1and%C3%BA'],
  ['/organizer', 'director'],
  ['/door', 'staff'],
  ['/door?evento=ev_1', 'organizer'],
  ['/ops/queues', 'director'],
  ['/organizer/../panel', 'director', '/panel'],
  ['/panel?next=https://evil.example', 'director'],
]
for (const [next, role, destination = next] of GRANTED)
  test(`the ${role} who wants ${next} goes there`, () => {
    assert.equal(chooseDestination(next, role), destination)
  })

/** What would leave the site, or lead where this role has nothing to do. */
const REFUSED: [string, Role][] = [
  ['//evil.example', 'director'],
  ['///evil.example', 'director'],
  ['/\\evil.example', 'director'],
  ['\\/evil.example', 'director'],
  ['\\\\evil.example', 'director'],
  ['/panel\\evil', 'director'],
  ['/panel/\\evil.example', 'director'],
  ['https://evil.example/panel', 'director'],
  ['https:/panel', 'director'],
  ['https:panel', 'director'],
  ['javascript:alert(1)', 'director'],
  ['data:text/html,x', 'director'],
  ['evil.example', 'director'],
  ['panel', 'director'],
  ['./panel', 'director'],
  ['?next=/panel', 'director'],
  ['/\t/evil.example', 'director'],
  ['/\n/evil.example', 'director'],
  ['\t//evil.example', 'director'],
  [' //evil.example', 'director'],
  ['/ /evil.example', 'director'],
  ['/panel\r\nSet-Cookie: a=b', 'director'],
  ['/panel\u0000', 'director'],
  ['/panel\u0085', 'director'],
  ['/panel\u2028', 'director'],
  ['/.//evil.example', 'director'],
  ['/panel/..//evil.example', 'director'],
  ['/panel/%2e%2e//evil.example', 'director'],
  ['/panel/../../../evil', 'director'],
  ['%2F%2Fevil.example', 'director'],
  ['/%2Fevil.example', 'director'],
  ['/%5Cevil.example', 'director'],
  ['/panel%2F..%2F..%2Fevil', 'director'],
  ['/panel@evil.example', 'director'],
  ['/panel.evil.example', 'director'],
  ['/paneles', 'director'],
  ['/Panel', 'director'],
  ['/login', 'director'],
  ['/auth/logout', 'director'],
  ['/', 'director'],
  [`/panel?${'x'.repeat(2000)}`, 'director'],
  ['/panel', 'organizer'],
  ['/panel/dinero', 'viewer'],
  ['/door/../panel', 'staff'],
  ['/organizer', 'staff'],
  ['/door', 'viewer'],
  ['/ops/queues', 'organizer'],
]
for (const [next, role] of REFUSED)
  test(`the ${role} who is told to go to ${JSON.stringify(next).slice(0, 60)} goes home`, () => {
    assert.equal(chooseDestination(next, role), chooseDestination(undefined, role))
  })
