/** The rule that decides whether and how a guest may be written to. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { chooseChannel, type Choice, type Reach, type Wish } from './reach.ts'

const REACHABLE: Reach = {
  phone: '+525512345678',
  email: 'ana@example.com',
  isOptedOut: false,
  canEmail: true,
  isUnreachable: false,
  isMarketingStopped: false,
  withheldUntil: null,
  isWindowOpen: false,
}
const TOMORROW = new Date('2029-06-02T18:00:00.000Z')
const NO_EMAIL = { email: null, canEmail: false }
const STOPPED_EMAIL = { canEmail: false }
const ANY_CAUSE = ['no_phone', 'unreachable', 'promotion'] as const

const by = (channel: 'whatsapp' | 'email', reason: string): Choice => ({ kind: 'channel', channel, reason })
const excluded = (reason: Extract<Choice, { kind: 'excluded' }>['reason']): Choice => ({ kind: 'excluded', reason })
const later: Choice = { kind: 'later', until: TOMORROW, reason: 'marketing_withheld' }

const whatsapp = (more: Partial<Wish> = {}): Partial<Wish> => ({ channel: 'whatsapp', ...more })
const auto = (more: Partial<Wish> = {}): Partial<Wish> => ({ channel: 'auto', ...more })
const email = (more: Partial<Wish> = {}): Partial<Wish> => ({ channel: 'email', ...more })
const promotion = (more: Partial<Wish> = {}) => whatsapp({ isPromotion: true, ...more })

for (const [what, facts, wish, expected] of [
  // The guest opted out.
  ['opted out, by WhatsApp', { isOptedOut: true }, whatsapp(), excluded('guest_opted_out')],
  ['opted out, by e-mail', { isOptedOut: true }, email(), excluded('guest_opted_out')],
  ['opted out, by any channel', { isOptedOut: true }, auto({ fallsBackFor: ANY_CAUSE }), excluded('guest_opted_out')],

  // E-mail was requested.
  ['e-mail with an address', {}, email(), by('email', 'requested')],
  ['e-mail without an address', NO_EMAIL, email(), excluded('no_address_for_channel')],
  ['e-mail to a stopped address', STOPPED_EMAIL, email(), excluded('email_stopped')],
  ['e-mail does not need a phone', { phone: null }, email(), by('email', 'requested')],
  [
    'an e-mail promotion after a stop on WhatsApp',
    { isMarketingStopped: true },
    email({ isPromotion: true }),
    by('email', 'requested'),
  ],

  // WhatsApp or auto for a reachable guest.
  ['WhatsApp', {}, whatsapp(), by('whatsapp', 'requested')],
  ['auto', {}, auto(), by('whatsapp', 'auto_has_phone')],
  ['auto without an address', NO_EMAIL, auto(), by('whatsapp', 'auto_has_phone')],

  // No phone.
  ['no phone', { phone: null }, whatsapp(), excluded('no_address_for_channel')],
  [
    'no phone, for another cause',
    { phone: null },
    whatsapp({ fallsBackFor: ['unreachable', 'promotion'] }),
    excluded('no_address_for_channel'),
  ],
  ['no phone, may fall back', { phone: null }, whatsapp({ fallsBackFor: ['no_phone'] }), by('email', 'no_phone')],
  [
    'no phone, stopped address',
    { phone: null, ...STOPPED_EMAIL },
    whatsapp({ fallsBackFor: ['no_phone'] }),
    excluded('no_address_for_channel'),
  ],
  ['auto, no phone', { phone: null }, auto(), by('email', 'auto_no_phone')],
  ['auto, no phone and no address', { phone: null, ...NO_EMAIL }, auto(), excluded('no_address_for_channel')],
  ['auto, no phone and a stopped address', { phone: null, ...STOPPED_EMAIL }, auto(), excluded('email_stopped')],

  // WhatsApp does not reach the number.
  ['unreachable', { isUnreachable: true }, whatsapp(), by('whatsapp', 'requested')],
  [
    'unreachable, for another cause',
    { isUnreachable: true },
    whatsapp({ fallsBackFor: ['no_phone', 'promotion'] }),
    by('whatsapp', 'requested'),
  ],
  [
    'unreachable, may fall back',
    { isUnreachable: true },
    whatsapp({ fallsBackFor: ['unreachable'] }),
    by('email', 'whatsapp_unreachable'),
  ],
  [
    'unreachable without an address',
    { isUnreachable: true, ...NO_EMAIL },
    whatsapp({ fallsBackFor: ['unreachable'] }),
    by('whatsapp', 'requested'),
  ],
  ['auto, unreachable', { isUnreachable: true }, auto(), by('email', 'auto_whatsapp_unreachable')],
  [
    'auto, unreachable and a stopped address',
    { isUnreachable: true, ...STOPPED_EMAIL },
    auto(),
    by('whatsapp', 'auto_has_phone'),
  ],

  // The guest stopped promotions.
  ['stopped, not a promotion', { isMarketingStopped: true }, whatsapp(), by('whatsapp', 'requested')],
  ['stopped', { isMarketingStopped: true }, promotion(), excluded('marketing_stopped')],
  [
    'stopped, as free-form text',
    { isMarketingStopped: true },
    promotion({ isFreeForm: true }),
    excluded('marketing_stopped'),
  ],
  [
    'stopped, may fall back',
    { isMarketingStopped: true },
    promotion({ fallsBackFor: ['promotion'] }),
    by('email', 'marketing_stopped'),
  ],
  [
    'stopped without an address',
    { isMarketingStopped: true, ...NO_EMAIL },
    promotion({ fallsBackFor: ['promotion'] }),
    excluded('marketing_stopped'),
  ],
  ['auto, stopped', { isMarketingStopped: true }, promotion({ channel: 'auto' }), excluded('marketing_stopped')],
  [
    'auto, stopped, may fall back',
    { isMarketingStopped: true },
    promotion({ channel: 'auto', fallsBackFor: ['promotion'] }),
    by('email', 'marketing_stopped'),
  ],
  [
    'stopped and withheld',
    { isMarketingStopped: true, withheldUntil: TOMORROW },
    promotion(),
    excluded('marketing_stopped'),
  ],

  // WhatsApp withholds promotions.
  ['withheld, not a promotion', { withheldUntil: TOMORROW }, whatsapp(), by('whatsapp', 'requested')],
  ['withheld', { withheldUntil: TOMORROW }, promotion(), later],
  [
    'withheld, as free-form text into an open window',
    { withheldUntil: TOMORROW, isWindowOpen: true },
    promotion({ isFreeForm: true }),
    by('whatsapp', 'requested'),
  ],
  [
    'withheld, may fall back',
    { withheldUntil: TOMORROW },
    promotion({ fallsBackFor: ['promotion'] }),
    by('email', 'marketing_withheld'),
  ],
  [
    'withheld, for another cause',
    { withheldUntil: TOMORROW },
    promotion({ fallsBackFor: ['no_phone', 'unreachable'] }),
    later,
  ],
  [
    'withheld without an address',
    { withheldUntil: TOMORROW, ...NO_EMAIL },
    promotion({ fallsBackFor: ANY_CAUSE }),
    later,
  ],
] as [string, Partial<Reach>, Partial<Wish>, Choice][]) {
  const outcome = expected.kind === 'channel' ? expected.channel : expected.kind
  test(`${what}: ${outcome} (${expected.reason})`, () => {
    const choice = chooseChannel(
      { ...REACHABLE, ...facts },
      { channel: 'whatsapp', fallsBackFor: [], isPromotion: false, ...wish },
    )

    assert.deepEqual(choice, expected)
  })
}
