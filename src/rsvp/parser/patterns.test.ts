import assert from 'node:assert/strict'
import test from 'node:test'
import { isName } from './lexicon.ts'
import { compile, linesOf, matchesAt } from './patterns.ts'

/** Whether the pattern covers the whole text. */
function covers(pattern: string, text: string): boolean {
  const list = text.split(' ')
  const words = { list, isName, isStart: (at: number) => at === 0, isEnd: (at: number) => at === list.length }
  return matchesAt(compile([pattern]), words, 0).some(({ end }) => end === list.length)
}

const CASES: [string, string[], string[]][] = [
  ['no puedo', ['no puedo'], ['no', 'puedo', 'no puedo ir']],
  ['encantad~', ['encantado', 'encantadas'], ['encantad', 'encantade']],
  ['(ir|llegar a)', ['ir', 'llegar a'], ['llegar', 'ir a']],
  ['[ya|siempre] no', ['no', 'ya no', 'siempre no'], ['ya', 'ya siempre no']],
  ['no [a (la|tu) boda]', ['no', 'no a tu boda'], ['no a', 'no a boda']],
  ['si|claro que si', ['si', 'claro que si', 'sí'], ['claro']],
  ['vamos {number}', ['vamos 3', 'vamos tres'], ['vamos', 'vamos 0', 'vamos 300', 'vamos una']],
  ['hola {name?}', ['hola', 'hola xochitl'], ['hola gracias', 'hola 2']],
  ['gracias {proper}', ['gracias Xochitl'], ['gracias xochitl']],
  ['el {month}', ['el mayo'], ['el lunes', 'mayo']],
]
for (const [pattern, matching, others] of CASES) {
  test(`«${pattern}» covers what it says and nothing else`, () => {
    assert.deepEqual(
      [...matching, ...others].filter((text) => covers(pattern, text)),
      matching,
    )
  })
}

test('^ and $ bind a pattern to the clause', () => {
  const found = (pattern: string, at: number) => {
    const list = 'que voy solo hoy'.split(' ')
    const words = { list, isName, isStart: (n: number) => n === 0, isEnd: (n: number) => n === list.length }
    return matchesAt(compile([pattern]), words, at).length
  }

  assert.deepEqual(
    [found('voy solo', 1), found('^voy solo', 1), found('voy solo$', 1), found('^que voy', 0), found('solo hoy$', 2)],
    [1, 0, 0, 1, 1],
  )
})

test('a line that begins with spaces continues the one before, and # begins a comment', () => {
  assert.deepEqual(linesOf('\n# how\nno (puedo|\n    voy)\nsi\n'), ['no (puedo| voy)', 'si'])
})

for (const pattern of ['(no', 'no)', '[ya no', 'no (a|b]', 'el {weather}']) {
  test(`«${pattern}» is refused`, () => {
    assert.throws(() => compile([pattern]), /«.*»/)
  })
}
