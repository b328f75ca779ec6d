/** The charts on tickets, guests and messages. */
import { Link, useNavigate } from '@tanstack/react-router'
import type { Schemas } from '../../api/client.ts'
import { Bars } from '../../charts/Bars.tsx'
import { Columns } from '../../charts/Columns.tsx'
import { saveReport } from '../../charts/files.ts'
import { Figure } from '../../charts/Figure.tsx'
import { isHollow, Lines, type Share } from '../../charts/Lines.tsx'
import { useReport } from '../../charts/reports.ts'
import { daysOf, isUnfinished, listUnits, sumByUnit, unitOf } from '../../charts/scales.ts'
import { Loaded } from '../../kit/State.tsx'
import { formatDay, formatMoney, formatNumber, formatRatio, formatShare, formatShortDay } from '../../words/formats.ts'
import { todayInMexico, untilToday } from '../shared/period.ts'
import type { FigureQuery } from './PaymentsFigure.tsx'
import { WORDS } from './words.ts'

type Props = { query: FigureQuery; overview: Schemas['Overview'] }

const SERIES = ['var(--series-1)', 'var(--series-2)']
const ROWS_MAX = 8
const formatPercent = (ratio: number) => `${Math.round(ratio * 100)}%`

export function TicketsFigure({ query, overview: { tickets, asOf } }: Props) {
  const usage = useReport('tickets-usage', query)
  const navigate = useNavigate()
  const behind = (eventId: string) => ({ ...query, eventId })
  const conclusion = WORDS.usedLeft(formatNumber(tickets.equivalent), formatNumber(tickets.remaining))
  return (
    <Loaded query={usage} lines={8}>
      {({ data }) => (
        <Figure
          title={WORDS.byEvent}
          conclusion={conclusion}
          asOf={asOf}
          legend={[WORDS.prepaid, WORDS.loan].map((label, n) => ({ label, colour: SERIES[n]! }))}
          isEmpty={data.length === 0}
          onSave={(...as) => saveReport('tickets-usage', query, ...as)}
          table={{
            columns: [
              { title: WORDS.event },
              { title: WORDS.organizer },
              ...[WORDS.prepaid, WORDS.loan, WORDS.used].map((title) => ({ title, isNumber: true })),
            ],
            rows: data.map(({ id, event, organizer, prepaid, loan, used }) => ({
              id,
              cells: [
                <Link key="event" to="/attendance" search={behind(id)}>
                  {event}
                </Link>,
                organizer,
                ...[prepaid, loan, used].map(formatNumber),
              ],
            })),
          }}
        >
          {(width) => (
            <Bars
              label={conclusion}
              width={width}
              colours={SERIES}
              onOpen={(id) => void navigate({ to: '/attendance', search: behind(id) })}
              rows={data.slice(0, ROWS_MAX).map(({ id, event, organizer, prepaid, loan, used }) => ({
                id,
                name: `${event}, ${organizer}`,
                parts: [prepaid, loan],
                value: formatNumber(used),
                title: `${event}: ${formatNumber(used)}`,
              }))}
            />
          )}
        </Figure>
      )}
    </Loaded>
  )
}

export function AttendanceFigure({ query, overview: { guests, refreshedAt } }: Props) {
  const today = todayInMexico()
  const confirmation = useReport('confirmation', query)
  const showUp = useReport('show-up', query)
  const navigate = useNavigate()
  const of = (day: string) => ({ ...query, from: day, to: day })
  return (
    <Loaded
      query={
        showUp.data
          ? confirmation
          : { ...confirmation, data: undefined, error: showUp.error ?? confirmation.error, refetch: showUp.refetch }
      }
      lines={8}
    >
      {({ data }) => {
        const answered = data
          .filter(({ guests: n }) => n > 0)
          .map(({ id, confirmed, guests: n }) => ({
            ...shareOf(id, confirmed, n, WORDS.confirmedLine),
            isUnfinished: id >= today,
          }))
        // Nobody can have come to what is still to come: a gap, not a zero.
        const past = (showUp.data?.data ?? []).filter(({ id, guests: n }) => n > 0 && id <= today)
        const came = past.map(({ id, confirmedEntered, confirmed }) => ({
          ...shareOf(id, confirmedEntered, confirmed, WORDS.cameLine),
          isUnfinished: id === today,
        }))
        const over = past.filter(({ id }) => id < today)
        const total = (of: 'confirmed' | 'confirmedEntered') => over.reduce((sum, row) => sum + row[of], 0)
        const showUpRate = total('confirmed') === 0 ? null : total('confirmedEntered') / total('confirmed')
        const conclusion =
          answered.length === 0
            ? WORDS.noEvents
            : WORDS.rates(formatRatio(guests.confirmationRate)) +
              (showUpRate === null ? '' : WORDS.came(formatRatio(showUpRate)))
        const lines = [
          { label: WORDS.confirmedLine, colour: SERIES[0]!, points: answered },
          { label: WORDS.cameLine, colour: SERIES[1]!, points: came },
        ]
        return (
          <Figure
            title={WORDS.attendance}
            conclusion={conclusion}
            asOf={refreshedAt}
            legend={lines}
            note={[...answered, ...came].some(isHollow) ? <span>{WORDS.few}</span> : null}
            isEmpty={answered.length === 0}
            onSave={(...as) => saveReport('confirmation', query, ...as)}
            table={{
              columns: [
                { title: WORDS.day },
                { title: WORDS.guests, isNumber: true },
                { title: WORDS.confirmedLine, isNumber: true },
                { title: WORDS.cameLine, isNumber: true },
              ],
              rows: answered.map((point) => ({
                id: point.day,
                cells: [
                  <Link key="day" to="/attendance" search={of(point.day)}>
                    {formatDay(point.day)}
                  </Link>,
                  formatNumber(point.n),
                  point.text,
                  came.find(({ day }) => day === point.day)?.text ?? '—',
                ],
              })),
            }}
          >
            {(width) => (
              <Lines
                label={conclusion}
                width={width}
                lines={lines}
                labelOf={formatShortDay}
                format={formatPercent}
                onOpen={(day) => void navigate({ to: '/attendance', search: of(day) })}
              />
            )}
          </Figure>
        )
      }}
    </Loaded>
  )
}

const shareOf = (day: string, part: number, n: number, what: string): Share & { text: string } => ({
  day,
  n,
  value: n === 0 ? null : part / n,
  text: formatShare(part, n),
  title: `${formatDay(day)}. ${what}: ${formatShare(part, n)}`,
})

export function WhatsAppFigure({ query, overview: { whatsapp, refreshedAt } }: Props) {
  const cost = useReport('whatsapp-cost', query)
  const today = todayInMexico()
  const { from, to } = untilToday(query, today)
  const unit = unitOf(from, to)
  const navigate = useNavigate()
  const behind = (day: string) => ({ ...query, ...daysOf(day, unit, query) })
  return (
    <Loaded query={cost} lines={8}>
      {({ data }) => {
        const conclusion =
          data.length === 0
            ? WORDS.noMessages
            : WORDS.freeIs(formatRatio(whatsapp.freeShare), formatMoney(whatsapp.estimatedSavingsCents))
        const units = sumByUnit(data, listUnits(from, to, unit), unit, ({ free, billable }) => [free, billable])
        const rows = units.map(({ id, sums: [free = 0, charged = 0] }) => ({ id, free, charged }))
        return (
          <Figure
            title={WORDS.freeTitle}
            conclusion={conclusion}
            asOf={refreshedAt}
            note={rows.some(({ id }) => isUnfinished(id, unit, today)) ? <span>{WORDS.hatched}</span> : null}
            legend={[WORDS.free, WORDS.charged].map((label, n) => ({ label, colour: SERIES[n]! }))}
            isEmpty={data.length === 0}
            onSave={(...as) => saveReport('whatsapp-cost', query, ...as)}
            table={{
              columns: [
                { title: WORDS.unit[unit] },
                ...[WORDS.free, WORDS.charged, WORDS.ratePercent].map((title) => ({ title, isNumber: true })),
              ],
              rows: rows.map(({ id, free, charged }) => ({
                id,
                cells: [
                  <Link key="day" to="/messages/whatsapp" search={behind(id)}>
                    {formatDay(id)}
                  </Link>,
                  formatNumber(free),
                  formatNumber(charged),
                  free + charged === 0 ? '—' : formatRatio(free / (free + charged)),
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
                format={formatNumber}
                onOpen={(day) => void navigate({ to: '/messages/whatsapp', search: behind(day) })}
                columns={rows.map(({ id, free, charged }) => ({
                  id,
                  parts: [free, charged],
                  isUnfinished: isUnfinished(id, unit, today),
                  title: `${formatDay(id)}: ${formatShare(free, free + charged)}`,
                }))}
              />
            )}
          </Figure>
        )
      }}
    </Loaded>
  )
}
