import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trimGlue } from './links.ts'

/** What is asked for, and the path that answers. */
const TRIMMED: [string, string][] = [
  ['/public/invite/CODE.', '/public/invite/CODE'],
  ['/public/invite/CODE).?utm=1', '/public/invite/CODE?utm=1'],
  ['/public/invite/CODE/', '/public/invite/CODE'],
  ['/public/invite/CODE//', '/public/invite/CODE'],
  ['/public/invite/CODE/./', '/public/invite/CODE'],
  ['/public/invite/CODE%20%20', '/public/invite/CODE'],
  ['/public/invite/CODE%E2%80%8B', '/public/invite/CODE'],
  ['/public/invite/CODE\u00e2\u0080\u00a6', '/public/invite/CODE'], // the bytes of … as Node gives them
  ['/public/invite/CODE%E2%80', '/public/invite/CODE'],
  ['/public/invite/CODE%', '/public/invite/CODE'],
  ['/public/invite/CODE%3Ffbclid%3Dx', '/public/invite/CODE'],
  ['/public/invite/CODE&fbclid=x/y', '/public/invite/CODE&fbclid=x/y'], // the code is read further inside
  ['/public/invite/CODE/qr.png)', '/public/invite/CODE/qr.png'],
  ['/public/invite/CODE/qr.png/', '/public/invite/CODE/qr.png'],
  ['/public/invite/CODE/rsvp*', '/public/invite/CODE/rsvp'],
  ['/public/invite/CODE%20x!', '/public/invite/CODE%20x'],
  ['/public/unsubscribe/CODE*?to=1', '/public/unsubscribe/CODE?to=1'],
  ['/i/CODE*', '/i/CODE'],
  ['/i/CODE/', '/i/CODE'],
]
const KEPT = [
  '/public/invite/CODE',
  '/public/invite/MONO-DEMO-0001/qr.png?x=.',
  '/public/invite/%20',
  '/public/invite/.',
  '/public/invite/',
  '/public/invite/%C3%B1and%C3%BA',
  '/public/preview.png',
  '/i/',
  '/i/...',
  '/events/ev_1.',
  '/wa/webhook/',
  '/publicity/a.',
  '/',
  '*',
  '',
]
for (const [asked, answered] of [...TRIMMED, ...KEPT.map((url): [string, string] => [url, url])]) {
  test(`${JSON.stringify(asked)} is answered as ${answered}`, () => {
    assert.equal(trimGlue(asked), answered)
  })
}

test('an address of sixteen thousand characters is trimmed quickly', () => {
  const startedMs = performance.now()
  for (const filler of ['.', '/', '%20', '%', '.a', '&', '?'])
    trimGlue(`/public/invite/CODE${filler.repeat(16_000 / filler.length)}a`)

  assert.ok(performance.now() - startedMs < 500)
})
