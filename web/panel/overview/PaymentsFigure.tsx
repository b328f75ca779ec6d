/** Does money come in, and how? */
import { Link, useNavigate } from '@tanstack/react-router'
import { Columns } from '../../charts/Columns.tsx'
import { saveReport } from '../../charts/files.ts'
import { Figure } from '../../charts/Figure.tsx'
import { useReport } from '../../charts/reports.ts'
import { changeOf, countDays, daysOf, isUnfinished, restOf, unitOf } from '../../charts/scales.ts'
import { Loaded } from '../../kit/State.tsx'
import {
  formatDay,
  formatMoney,
  formatNumber,
  formatRatio,
  formatShortDay,
  formatShortMoney,
} from '../../words/formats.ts'
import { periodBefore, todayInMexico, untilToday, type Period } from '../shared/period.ts'
import { WORDS } from './words.ts'

export type FigureQuery = Period & { organizerId?: string }

const SERIES = ['var(--series-1)', 'var(--series-2)', 'var(--series-3)', 'var(--series-4)']
const METHODS = ['transfer', 'card', 'cash'] as const

export function PaymentsFigure({ query, asOf }: { query: FigureQuery; asOf: string }) {
  const today = todayInMexico()
  const unit = unitOf(query.from, query.to)
  const asked = { ...query, groupBy: unit }
  const all = useReport('payments', asked)
  const transfer = useReport('payments', { ...asked, method: 'transfer' })
  const card = useReport('payments', { ...asked, method: 'card' })
  const cash = useReport('payments', { ...asked, method: 'cash' })
  // As many days as have come, so that a period that is not over is not compared with a whole one.
  const come = untilToday(query, today)
  const before = useReport('payments', { ...asked, ...periodBefore(come) })
  const navigate = useNavigate()
  const missing = [transfer, card, cash].filter((one) => !one.data)
  const lacking = missing.find(({ error }) => error) ?? missing[0]
  const behind = (day: string) => ({
    group: 'confirmed',
    ...daysOf(day, unit, query),
    ...(query.organizerId ? { organizerId: query.organizerId } : {}),
  })
  return (
    <Loaded query={lacking ?? all} lines={8}>
      {({ totals, data }) => {
        const rows = data
          .filter(({ id }) => id <= today)
          .map(({ id, amountCents }) => {
            const named = [transfer, card, cash].map(
              (one) => one.data?.data.find((row) => row.id === id)?.amountCents ?? 0,
            )
            return { id, amountCents, parts: [...named, restOf(amountCents, named)] }
          })
        const change = before.data ? changeOf(totals.amountCents, before.data.totals.amountCents) : null
        const days = formatNumber(countDays(come.from, come.to))
        const compared =
          change === null ? '' : (change < 0 ? WORDS.less : WORDS.more)(formatRatio(Math.abs(change)), days)
        const conclusion =
          totals.payments === 0
            ? WORDS.noMovements
            : WORDS.paidIn(formatMoney(totals.amountCents), WORDS.payments(totals.payments)) + compared
        const labels = [...METHODS, 'rest' as const].map((method) => WORDS.methods[method])
        const isUsed = (series: number) => rows.some(({ parts }) => parts[series]! > 0)
        return (
          <Figure
            title={WORDS.per[unit]}
            conclusion={conclusion}
            isEmpty={totals.payments === 0}
            asOf={asOf}
            note={rows.some(({ id }) => isUnfinished(id, unit, today)) ? <span>{WORDS.hatched}</span> : null}
            legend={labels.map((label, n) => ({ label, colour: SERIES[n]! })).filter((_, n) => isUsed(n))}
            onSave={(...as) => saveReport('payments', asked, ...as)}
            table={{
              columns: [
                { title: WORDS.unit[unit] },
                ...labels.map((title) => ({ title, isNumber: true })),
                { title: WORDS.total, isNumber: true },
              ],
              rows: rows.map(({ id, amountCents, parts }) => ({
                id,
                cells: [
                  <Link key="day" to="/money" search={behind(id)}>
                    {formatDay(id)}
                  </Link>,
                  ...parts.map(formatMoney),
                  formatMoney(amountCents),
                ],
              })),
            }}
          >
            {(width) => (
              <Columns
                label={conclusion}
                width={width}
                colours={SERIES}
                labelOf={formatShortDay}
                format={formatShortMoney}
                onOpen={(day) => void navigate({ to: '/money', search: behind(day) })}
                columns={rows.map(({ id, amountCents, parts }) => ({
                  id,
                  parts,
                  isUnfinished: isUnfinished(id, unit, today),
                  title: `${formatDay(id)}: ${formatMoney(amountCents)}`,
                }))}
              />
            )}
          </Figure>
        )
      }}
    </Loaded>
  )
}
