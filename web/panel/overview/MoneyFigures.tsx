/** The charts on debt: does it grow, how old is it, who brings the business? */
import { Link, useNavigate } from '@tanstack/react-router'
import { Bars } from '../../charts/Bars.tsx'
import { saveReport } from '../../charts/files.ts'
import { Figure } from '../../charts/Figure.tsx'
import { useReport } from '../../charts/reports.ts'
import { StepLine } from '../../charts/StepLine.tsx'
import { Loaded } from '../../kit/State.tsx'
import {
  formatDay,
  formatMoney,
  formatNumber,
  formatRatio,
  formatShortDay,
  formatShortMoney,
} from '../../words/formats.ts'
import { todayInMexico, untilToday } from '../shared/period.ts'
import type { FigureQuery } from './PaymentsFigure.tsx'
import { WORDS } from './words.ts'

type Props = { query: FigureQuery; asOf: string }

const SERIES = ['var(--series-1)']
const RAMP = ['var(--ramp-1)', 'var(--ramp-2)', 'var(--ramp-3)', 'var(--ramp-4)']
const ROWS_MAX = 8
const ofOrganizer = ({ organizerId }: FigureQuery) => (organizerId ? { organizerId } : {})

export function DebtFigure({ query, asOf }: Props) {
  const asked = untilToday(query, todayInMexico())
  const debt = useReport('debt', asked)
  const navigate = useNavigate()
  return (
    <Loaded query={debt} lines={8}>
      {({ data }) => {
        const behind = (day: string) => ({ ...ofOrganizer(query), to: day })
        const first = data[0]
        const last = data.at(-1)
        const change = (last?.openDebtCents ?? 0) - (first?.openDebtCents ?? 0)
        const money = formatMoney(Math.abs(change))
        const moved = change === 0 ? WORDS.same : change > 0 ? WORDS.up(money) : WORDS.down(money)
        const conclusion =
          first && last
            ? WORDS.debtNow(formatMoney(last.openDebtCents), formatDay(last.id)) +
              WORDS.debtSince(moved, formatDay(first.id))
            : WORDS.noMovements
        return (
          <Figure
            title={WORDS.debtByDay}
            conclusion={conclusion}
            asOf={asOf}
            onSave={(...as) => saveReport('debt', asked, ...as)}
            table={{
              columns: [
                { title: WORDS.day },
                { title: WORDS.debtColumn, isNumber: true },
                { title: WORDS.debtors, isNumber: true },
              ],
              rows: data.map(({ id, openDebtCents, organizers }) => ({
                id,
                cells: [
                  <Link key="day" to="/organizers" search={behind(id)}>
                    {formatDay(id)}
                  </Link>,
                  formatMoney(openDebtCents),
                  formatNumber(organizers),
                ],
              })),
            }}
          >
            {(width) => (
              <StepLine
                label={conclusion}
                width={width}
                points={data.map(({ id, openDebtCents }) => ({ day: id, value: openDebtCents }))}
                labelOf={formatShortDay}
                format={formatShortMoney}
                titleOf={(day) =>
                  `${formatDay(day)}: ${formatMoney(data.find(({ id }) => id === day)?.openDebtCents ?? null)}`
                }
                onOpen={(day) => void navigate({ to: '/organizers', search: behind(day) })}
              />
            )}
          </Figure>
        )
      }}
    </Loaded>
  )
}

export function AgeingFigure({ query, asOf }: Props) {
  const { to } = untilToday(query, todayInMexico())
  const asked = { to, ...ofOrganizer(query) }
  const ageing = useReport('debt-aging', asked)
  const navigate = useNavigate()
  return (
    <Loaded query={ageing} lines={8}>
      {({ data, totals }) => {
        const partsOf = (row: typeof totals) => [
          row.days0to30Cents,
          row.days31to60Cents,
          row.days61to90Cents,
          row.over90Cents,
        ]
        const old = totals.openDebtCents - totals.days0to30Cents
        const conclusion =
          totals.openDebtCents === 0
            ? WORDS.noDebt
            : old === 0
              ? WORDS.notOld
              : WORDS.old(formatMoney(old), formatRatio(old / totals.openDebtCents))
        return (
          <Figure
            title={WORDS.ageing}
            conclusion={conclusion}
            asOf={asOf}
            legend={WORDS.ages.map((label, n) => ({ label, colour: RAMP[n]! }))}
            isEmpty={data.length === 0}
            onSave={(...as) => saveReport('debt-aging', asked, ...as)}
            table={{
              columns: [
                { title: WORDS.organizer },
                ...WORDS.ages.map((title) => ({ title, isNumber: true })),
                { title: WORDS.debtColumn, isNumber: true },
              ],
              rows: data.map((row) => ({
                id: row.id,
                cells: [
                  <Link key="name" to={`/organizers/${row.id}`}>
                    {row.organizer}
                  </Link>,
                  ...partsOf({ ...totals, ...row }).map(formatMoney),
                  formatMoney(row.openDebtCents),
                ],
              })),
            }}
          >
            {(width) => (
              <Bars
                label={conclusion}
                width={width}
                colours={RAMP}
                onOpen={(id) => void navigate({ to: `/organizers/${id}` })}
                rows={data.slice(0, ROWS_MAX).map((row) => ({
                  id: row.id,
                  name: row.organizer ?? row.id,
                  parts: partsOf({ ...totals, ...row }),
                  value: formatMoney(row.openDebtCents),
                  title: `${row.organizer}: ${formatMoney(row.openDebtCents)}`,
                }))}
              />
            )}
          </Figure>
        )
      }}
    </Loaded>
  )
}

export function TopFigure({ query, asOf }: Props) {
  const top = useReport('top-organizers', query)
  const navigate = useNavigate()
  return (
    <Loaded query={top} lines={8}>
      {({ data }) => {
        const first = data[0]
        const isUsed = (first?.ticketsUsed ?? 0) > 0
        const conclusion =
          first && isUsed ? WORDS.topIs(first.organizer ?? first.id, formatNumber(first.ticketsUsed)) : WORDS.noTickets
        return (
          <Figure
            title={WORDS.top}
            conclusion={conclusion}
            asOf={asOf}
            isEmpty={!isUsed}
            onSave={(...as) => saveReport('top-organizers', query, ...as)}
            table={{
              columns: [
                { title: WORDS.organizer },
                ...[WORDS.used, WORDS.billed, WORDS.paidColumn, WORDS.owed].map((title) => ({ title, isNumber: true })),
              ],
              rows: data.map((row) => ({
                id: row.id,
                cells: [
                  <Link key="name" to={`/organizers/${row.id}`}>
                    {row.organizer}
                  </Link>,
                  formatNumber(row.ticketsUsed),
                  ...[row.billedCents, row.paidCents, row.openDebtCents].map(formatMoney),
                ],
              })),
            }}
          >
            {(width) => (
              <Bars
                label={conclusion}
                width={width}
                colours={SERIES}
                onOpen={(id) => void navigate({ to: `/organizers/${id}` })}
                rows={data.slice(0, ROWS_MAX).map((row) => ({
                  id: row.id,
                  name: row.organizer ?? row.id,
                  parts: [row.ticketsUsed],
                  value: formatNumber(row.ticketsUsed),
                  title: `${row.organizer}: ${formatNumber(row.ticketsUsed)}`,
                }))}
              />
            )}
          </Figure>
        )
      }}
    </Loaded>
  )
}
