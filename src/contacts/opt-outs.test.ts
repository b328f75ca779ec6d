import assert from 'node:assert/strict'
import test from 'node:test'
import { readOptWord, wantsOptOut } from './opt-outs.ts'

/** The word alone, however it is written, opts out or in. In a sentence it means something else. */
const WORDS: [string, 'opt_out' | 'opt_in' | null][] = [
  ['BAJA', 'opt_out'],
  ['baja', 'opt_out'],
  ['¡Baja!', 'opt_out'],
  [' baja. ', 'opt_out'],
  ['"baja"', 'opt_out'],
  ['«BAJA»', 'opt_out'],
  ['“Baja”', 'opt_out'],
  ['*BAJA*', 'opt_out'],
  ['_baja_', 'opt_out'],
  ['BAJA\n', 'opt_out'],
  ['Baja 🙏', 'opt_out'],
  ['🛑 STOP 🛑', 'opt_out'],
  ['𝗕𝗔𝗝𝗔', 'opt_out'],
  ['𝓑𝓪𝓳𝓪', 'opt_out'],
  ['ＢＡＪＡ', 'opt_out'],
  ['ⒷⒶⒿⒶ', 'opt_out'],
  ['BA\u200bJA', 'opt_out'],
  ['BA\u00adJA', 'opt_out'],
  ['\u2068BAJA\u2069', 'opt_out'],
  ['\ufeffBAJA', 'opt_out'],
  ['BAJA\u2060', 'opt_out'],
  ['B A J A', 'opt_out'],
  ['B.A.J.A.', 'opt_out'],
  ['S-T-O-P', 'opt_out'],
  ['STOP', 'opt_out'],
  ['Stop.', 'opt_out'],
  ['STOPALL', 'opt_out'],
  ['stop all', 'opt_out'],
  ['𝐒𝐓𝐎𝐏', 'opt_out'],
  ['alto', 'opt_out'],
  ['Cancelar suscripción', 'opt_out'],
  ['Cancelar suscripcio\u0301n', 'opt_out'],
  ['CANCELAR SUSCRIPCION', 'opt_out'],
  ['Unsubscribe', 'opt_out'],
  ['ALTA', 'opt_in'],
  ['𝗔𝗟𝗧𝗔', 'opt_in'],
  ['"alta"', 'opt_in'],
  ['A L T A', 'opt_in'],
  ['start', 'opt_in'],
  ['me das de baja por favor', null],
  ['la música está muy alta', null],
  ['cancelo', null],
  ['cancelar', null],
  ['no pude, me di de baja del gym', null],
  ['stop sending me so many things', null],
  ['', null],
  ['\u200b', null],
  ['baja baja', null],
  ['bajas', null],
  ['b a', null],
]
for (const [text, word] of WORDS) {
  test(`${JSON.stringify(text)} is ${word ?? 'neither opt_out nor opt_in'}`, () => {
    assert.equal(readOptWord(text), word)
  })
}

/** Asks for no more messages in other words: the guest is told the word to send. */
const WISHES: [string, boolean][] = [
  ['me das de baja por favor', true],
  ['𝗺𝗲 𝗱𝗮𝘀 𝗱𝗲 𝗯𝗮𝗷𝗮', true],
  ['quiero dar\u200bme de baja', true],
  ['baja por favor', true],
  ['ya no me manden mensajes', true],
  ['Ｙａ ｎｏ ｑｕｉｅｒｏ ｍｅｎｓａｊｅｓ', true],
  ['dejen de molestar', true],
  ['don’t text me', true],
  ['don‘t text me', true],
  ['please stop', true],
  ['quítenme de su lista', true],
  ['quítame de la lista de invitados', false],
  ['BAJA', false],
  ['no pude, me di de baja del gym', false],
  ['no podré ir', false],
]
for (const [text, isWish] of WISHES) {
  test(`${JSON.stringify(text)} ${isWish ? 'asks' : 'does not ask'} for no more messages`, () => {
    assert.equal(wantsOptOut(text), isWish)
  })
}
