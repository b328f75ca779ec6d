import assert from 'node:assert/strict'
import type { webcrypto } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import QRCode from 'qrcode'
import {
  importPublicKey,
  nameEvent,
  parsePass,
  verifyPass,
  writeBody,
  writePass,
  type PassClaims,
} from './signed-pass.ts'

const CODE = '0123456789ABCDEFGHJKMNPQRS'
const { publicKey, privateKey } = (await crypto.subtle.generateKey('Ed25519', true, [
  'sign',
  'verify',
])) as webcrypto.CryptoKeyPair

async function aPass(claims: Partial<PassClaims> = {}): Promise<string> {
  const event = await nameEvent('ev_1')
  const body = writeBody({ kid: 1, version: 1, expiresAtMs: 1_900_000_000_000, event, code: CODE, ...claims })
  assert.ok(body)
  return writePass(body, new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, Buffer.from(body))))
}

test('a pass says what was signed, and a public key verifies it', async () => {
  const raw = await crypto.subtle.exportKey('raw', publicKey)
  const key = await importPublicKey(new Uint8Array(raw))

  const pass = parsePass(await aPass({ kid: 32_767, version: 1023, expiresAtMs: Date.parse('2030-05-01T20:30:00Z') }))!
  const facts = await verifyPass(pass, key, 'ev_1')

  assert.deepEqual([pass.kid, pass.code], [32_767, CODE])
  const expiresAtMs = Date.parse('2030-05-01T21:00:00Z')
  assert.deepEqual(facts, { isGenuine: true, isOfEvent: true, version: 1023, expiresAtMs })
})

test('no character of a pass can be changed, and no other key or event fits', async () => {
  const text = await aPass()
  const verify = async (changed: string, key = publicKey, eventId = 'ev_1') => {
    const pass = parsePass(changed)
    const facts = pass && (await verifyPass(pass, key, eventId))
    return facts !== null && facts.isGenuine && facts.isOfEvent
  }
  const other = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair

  const changed = await Promise.all(
    // The last character has bits to spare.
    Array.from({ length: text.length - 1 }, (_, n) =>
      verify(text.slice(0, n) + (text[n] === '7' ? '8' : '7') + text.slice(n + 1)),
    ),
  )
  const others = [await verify(text, other.publicKey), await verify(text, publicKey, 'ev_2')]

  assert.equal(await verify(text), true)
  assert.deepEqual([changed.filter(Boolean), others], [[], [false, false]])
  assert.equal((await verifyPass(parsePass(text)!, null, 'ev_1')).isGenuine, false)
})

test('a scanner may change the case and tell the kind of barcode; any other text is no pass', async () => {
  const text = await aPass({ code: 'MONO-DEMO-0001' })

  for (const spelled of [text.toLowerCase(), ` ${text}\r\n`, `]Q1${text}`, `+q1${text.toLowerCase()}`])
    assert.equal(parsePass(spelled)?.code, 'MONO-DEMO-0001', spelled)
  for (const other of [CODE, 'MT1', text.slice(0, 100), `${text}Ñ`, 'MT1'.repeat(1000), `MT1${'U'.repeat(150)}`, ''])
    assert.equal(parsePass(other), null)
})

test('a code that no pass can hold has none', () => {
  const claims = { kid: 1, version: 1, expiresAtMs: 0, event: '0'.repeat(12) }

  assert.equal(writeBody({ ...claims, code: 'Año/1' }), null)
})

test('the QR of a pass has 41 squares a side', async () => {
  const { modules } = QRCode.create(await aPass(), { errorCorrectionLevel: 'M' })

  assert.equal(modules.size, 41)
})

test('a browser can load what judges and verifies: it imports nothing of ours but itself', async () => {
  for (const file of ['rules.ts', 'signed-pass.ts']) {
    const text = await readFile(`src/checkin/${file}`, 'utf8')
    const imported = [...text.matchAll(/^import (type )?.* from '(.*)'$/gm)].filter(([, isType]) => !isType)
    assert.deepEqual(imported, [], file)
    assert.doesNotMatch(text, /\b(Buffer|process|require)\b/, file)
  }
})
