/**
 * Measures how long the first view of each app takes, from the navigation to its data on the screen, in Chromium with an empty
 * cache, beside the program that serves it.
 *
 *   npm run bench:pages -- [--rounds 5] [--check]
 *
 * The fastest view counts, because whatever else the machine does only adds to it. --check exits with 1 above 1.5 s.
 */
import { SCREENS } from '../test/browser/screens.ts'
import { openSite } from '../test/browser/site.ts'
import { readArguments } from '../src/commands/usage.ts'

const TARGET_MS = 1500
const MEASURED = ['home', 'login', 'invitation', 'panel-overview', 'organizer-events', 'door']

const { flags } = readArguments({
  command: 'npm run bench:pages',
  does: 'Measures how long the first view of each app takes in Chromium, until its data are on the screen.',
  flags: {
    rounds: { kind: 'whole', default: '5', description: 'Views of each page.' },
    check: {
      kind: 'switch',
      description: `Exits with code 1 when the fastest view of a page is above ${TARGET_MS} ms.`,
    },
  },
  variables: [],
})

const ends: (() => unknown)[] = []
const bench = { after: (end: () => unknown) => void ends.push(end) }
let slowest = 0
try {
  const site = await openSite(bench)
  for (const { name, who, path, ready } of SCREENS.filter((screen) => MEASURED.includes(screen.name))) {
    const times: number[] = []
    for (let round = 0; round < Number(flags.rounds); round++) {
      const blank = await site.open(bench, who, '/health')
      const startedMs = performance.now()
      await blank.goto(path)
      await ready(blank)
      times.push(Math.round(performance.now() - startedMs))
      await blank.context().close()
    }
    slowest = Math.max(slowest, Math.min(...times))
    process.stdout.write(`${name}: ${Math.min(...times)} ms (target ${TARGET_MS}); all: ${times.join(', ')}\n`)
  }
} finally {
  for (const end of ends.toReversed()) await end()
}
process.exitCode = flags.check && slowest > TARGET_MS ? 1 : 0
