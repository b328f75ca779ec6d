import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse, renderHelp, type Usage } from './usage.ts'

const USAGE: Usage = {
  command: 'npm run thing',
  does: 'Does a thing.',
  flags: {
    email: { kind: 'text', value: 'ADDRESS', isRequired: true, description: 'Whose.' },
    role: { kind: 'text', choices: ['staff', 'viewer'], default: 'staff', description: 'What for.' },
    jobs: { kind: 'whole', default: '8', description: 'How many.' },
    'dry-run': { kind: 'switch', description: 'Changes nothing.' },
  },
  variables: ['PORT'],
}
const NO_FLAGS: Usage = { command: 'npm run other', does: 'Does it.', flags: {}, variables: [] }

test('flags are read with their defaults, in both writings', () => {
  assert.deepEqual(parse(USAGE, ['--email', 'a@b.mx', '--jobs=9', '--dry-run']), {
    flags: { email: 'a@b.mx', role: 'staff', jobs: '9', 'dry-run': true },
    operands: [],
  })
})

for (const argv of [['--help'], ['-h'], ['--nope', '--help'], ['stray', '-h']]) {
  test(`${argv.join(' ')} asks for help`, () => {
    assert.equal(parse(USAGE, argv), 'help')
  })
}

const WRONG: [string[], string][] = [
  [['--emial', 'x'], '--emial is not a flag of npm run thing: did you mean --email?'],
  [['--verbose'], '--verbose is not a flag of npm run thing.'],
  [['-x'], '-x is not a flag of npm run thing.'],
  [['now'], '"now" is a stray argument: npm run thing takes flags only.'],
  [['--', 'now'], '"now" is a stray argument: npm run thing takes flags only.'],
  [['--email'], '--email needs a value.'],
  [['--email='], '--email needs a value.'],
  [['--email', '--role', 'staff'], '--email needs a value.'],
  [['--email', 'a', '--role', 'king'], '--role must be one of staff, viewer, not "king".'],
  [['--email', 'a', '--jobs', 'many'], '--jobs must be a whole number, not "many".'],
  [['--email', 'a', '--dry-run=yes'], '--dry-run takes no value.'],
  [[], '--email is needed.'],
]
for (const [argv, problem] of WRONG) {
  test(`"${argv.join(' ')}" is refused by name`, () => {
    assert.deepEqual(parse(USAGE, argv), { problem })
  })
}

test('arguments without a flag are taken where a program has some', () => {
  const operands = { name: 'FILE', description: 'Files.' }

  assert.deepEqual(parse({ ...NO_FLAGS, operands }, ['a', 'b']), { flags: {}, operands: ['a', 'b'] })
})

test('the help names what it does, its flags, their values, and the variables with their form', () => {
  const help = renderHelp(USAGE)

  assert.match(help, /^Usage: npm run thing -- --email ADDRESS \[flags\]\n\nDoes a thing\.\n/)
  assert.match(help, /^ {2}--role staff\|viewer {2}What for\. Default: staff\.$/m)
  assert.match(help, /^ {2}PORT {2}.*whole number from 0 to 65535/ms)
  assert.ok(help.split('\n').every((line) => line.length <= 100))
  assert.match(renderHelp(NO_FLAGS), /^Usage: npm run other\n/)
})
