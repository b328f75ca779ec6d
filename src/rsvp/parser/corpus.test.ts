import assert from 'node:assert/strict'
import test from 'node:test'
import { judge, LABELS, listMisses, readCorpus, SETS, setOf } from '../../../test/corpus.ts'
import { foldText } from '../../platform/values/text.ts'
import { CONFIDENCE_NEEDED, readReply, type Intent } from './parser.ts'

const corpus = await readCorpus()

test('the corpus has at least 1,500 labelled messages, and the hash of the text chooses the held third', () => {
  const wrong = corpus.filter(
    ({ set, label, size, text }) =>
      set !== setOf(text) ||
      !LABELS.includes(label) ||
      text.trim() !== text ||
      text === '' ||
      (size !== null && (label !== 'yes' || !Number.isInteger(size) || size < 1)),
  )

  assert.deepEqual(wrong, [])
  assert.ok(corpus.length >= 1500)
  for (const set of SETS)
    for (const label of LABELS) assert.ok(corpus.some((one) => one.set === set && one.label === label))
})

test('no two messages of the corpus are the same, or differ in one word only', () => {
  const keys = new Map<string, string>()
  const twins: [string, string][] = []
  for (const { text } of corpus) {
    const words = foldText(text)
      .toLowerCase()
      .normalize('NFD')
      .match(/[\p{L}\p{N}\p{Extended_Pictographic}]+/gu) ?? [text]
    const own = [words.join(' '), ...(words.length < 5 ? [] : words.map((_, at) => words.with(at, '…').join(' ')))]
    const twin = own.map((key) => keys.get(key)).find((other) => other !== undefined)
    if (twin !== undefined) twins.push([twin, text])
    for (const key of own) keys.set(key, text)
  }

  assert.deepEqual(twins, [])
})

test('the held messages are understood as well as wanted', () => {
  const judged = corpus.map(judge)

  assert.deepEqual(listMisses(judged), [])
})

test('no message of the train set is decided wrong', () => {
  const wrong = corpus
    .filter(({ set }) => set === 'train')
    .map(judge)
    .filter(({ verdict }) => verdict === 'wrong')

  assert.deepEqual(wrong, [])
})

/** Letters that only look like letters, and marks that nobody sees, mean what they show. */
const SHOWN: [string, Intent | null, number?][] = [
  ['𝗖𝗼𝗻𝗳𝗶𝗿𝗺𝗼', 'yes'],
  ['𝓒𝓸𝓷𝓯𝓲𝓻𝓶𝓸', 'yes'],
  ['𝙲𝚘𝚗𝚏𝚒𝚛𝚖𝚘', 'yes'],
  ['Ｃｏｎｆｉｒｍｏ', 'yes'],
  ['Conﬁrmo', 'yes'],
  ['Ⓒⓞⓝⓕⓘⓡⓜⓞ', 'yes'],
  ['Conf\u200birmo', 'yes'],
  ['Con\u00adfirmo', 'yes'],
  ['Confirmo\ufeff', 'yes'],
  ['\u2068Confirmo\u2069', 'yes'],
  ['\u200eSí voy\u200f', 'yes'],
  ['Sí\u2060, vamos 2', 'yes', 2],
  ['Si\u0301, vamos 2', 'yes', 2],
  ['Vamos ２', 'yes', 2],
  ['Vamos 𝟮', 'yes', 2],
  ['Vamos ②', 'yes', 2],
  ['Vamos 2️⃣', 'yes', 2],
  ['Vamos 1️⃣0️⃣', 'yes', 10],
  ['Sí\u00a0vamos\u20093', 'yes', 3],
  ['Ahí estare\u0301', 'yes'],
  ['podre´ ir, sí voy', 'yes'],
  ['👍', 'yes'],
  ['👍🏽', 'yes'],
  ['👍\ufe0f', 'yes'],
  ['👌🏿', 'yes'],
  ['✔️', 'yes'],
  ['✔', 'yes'],
  ['𝗦í 👍🏻', 'yes'],
  ['𝐍𝐨 𝐩𝐨𝐝𝐫é 𝐢𝐫', 'no'],
  ['Ｎｏ ｖｏｙ', 'no'],
  ['N\u200bo puedo ir', 'no'],
  ['No pod\u00adré ir', 'no'],
  ['𝗡𝗼', 'no'],
  ['❌', 'no'],
  ['🙅🏽‍♀️ no puedo', 'no'],
  ['✖️', 'no'],
  ['𝗧𝗮𝗹 𝘃𝗲𝘇', 'maybe'],
  ['¿𝗤𝘂𝗶é𝗻 𝗲𝘀?', null],
  ['𝗚𝗿𝗮𝗰𝗶𝗮𝘀', null],
  ['\u200b\u2060', null],
  ['👩‍❤️‍👨', null],
  ['2️⃣', null],
]
for (const [text, intent, size] of SHOWN) {
  test(`${JSON.stringify(text)} is ${intent ?? 'not decided'}`, () => {
    const read = readReply(text)

    assert.equal(read.confidence >= CONFIDENCE_NEEDED ? read.intent : null, intent)
    if (intent) assert.equal(read.partySize, size ?? null)
  })
}

/** A stated inability, a reason on the day with a regret, and polite refusals. */
const REFUSALS = [
  'híjole no puedo ese día tengo boda de mi prima',
  'Ese día trabajo, no podré',
  'Desafortunadamente estaremos de viaje',
  'Declino con pena',
  'Paso, gracias',
  'No me va a dar tiempo, una disculpa',
  'Qué pena, ese fin de semana tenemos otra boda',
  'Nos encantaría, pero ya teníamos boletos para esa fecha',
  'Lo siento, ese día estoy de guardia',
]
for (const text of REFUSALS) {
  test(`«${text}» is a no`, () => {
    const { intent, confidence } = readReply(text)

    assert.deepEqual([intent, confidence >= CONFIDENCE_NEEDED], ['no', true])
  })
}

test('a message takes less than a millisecond, and 10,000 characters of anything take a quarter of a second at most', () => {
  const spentMs = (work: () => void) => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  const pieces = [
    'porque ',
    'si voy ',
    'no tengo ',
    'mi esposa y ',
    'vamos 2 ',
    'a',
    '~',
    'x ',
    '1️⃣',
    'Á',
    'sí sí ',
    '?',
    ', ',
  ]

  assert.ok(spentMs(() => corpus.forEach(({ text }) => readReply(text))) / corpus.length < 1)
  for (const piece of pieces)
    assert.ok(spentMs(() => readReply(piece.repeat(Math.ceil(10_000 / piece.length)))) < 250, piece)
})

test('a long message is never decided, because its end may take the beginning back', () => {
  const { intent, confidence } = readReply(`Sí, confirmo mi asistencia. ${'Muchas felicidades. '.repeat(150)}`)

  assert.equal(intent, 'yes')
  assert.ok(confidence < CONFIDENCE_NEEDED)
})
