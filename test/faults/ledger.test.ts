/** Many random histories of money and tickets. LEDGER_SEED=1 LEDGER_CASES=20000 npm run test:long -- test/faults/ledger.test.ts */
import { test } from 'node:test'
import { startApp } from '../harness.ts'
import { checkHistories } from '../ledger-histories.ts'

const { LEDGER_SEED: seed = '1789', LEDGER_CASES: cases = '1000' } = process.env

test(`after ${cases} histories of seed ${seed} the balance, the overview and a plain addition agree`, async (t) => {
  await checkHistories(await startApp(t), { numRuns: Number(cases), seed: Number(seed) })
})
