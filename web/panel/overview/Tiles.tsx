/** The Director's numbers. A tile is one link, which is read whole, to what is behind it. */
import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client.ts'
import { useReport } from '../../charts/reports.ts'
import { moveDay } from '../../charts/scales.ts'
import { formatMoney, formatNumber, formatRatio } from '../../words/formats.ts'
import { todayInMexico, untilToday } from '../shared/period.ts'
import type { FigureQuery } from './PaymentsFigure.tsx'
import { WORDS } from './words.ts'
import styles from './overview.module.css'

type Tile = { label: string; value: string; hint: string; to: string; search: Record<string, string> }

export function Tiles({ overview, filters }: { overview: Schemas['Overview']; filters: FigureQuery }) {
  // Of the days that are over: people still come to the events of today.
  const yesterday = moveDay(todayInMexico(), -1)
  const showUp = useReport('show-up', untilToday(filters, yesterday), filters.from <= yesterday)
  const { finance, payments, tickets, whatsapp, guests } = overview
  const tiles: Tile[] = [
    {
      label: WORDS.debt,
      value: formatMoney(finance.openDebtCents),
      hint: WORDS.billedTile(formatMoney(finance.billedCents)),
      to: '/organizers',
      search: filters.organizerId ? { organizerId: filters.organizerId } : {},
    },
    {
      label: WORDS.paid,
      value: formatMoney(payments.confirmed.amountCents),
      hint: WORDS.payments(payments.confirmed.count),
      to: '/money',
      search: { group: 'confirmed', ...filters },
    },
    {
      label: WORDS.tickets,
      value: formatNumber(tickets.equivalent),
      hint: WORDS.left(formatNumber(tickets.remaining)),
      to: '/tickets',
      search: filters.organizerId ? { organizerId: filters.organizerId } : {},
    },
    {
      label: WORDS.confirmed,
      value: formatRatio(guests.confirmationRate),
      hint: WORDS.guestsOf(formatNumber(guests.confirmed), formatNumber(guests.total)),
      to: '/attendance',
      search: filters,
    },
    {
      label: WORDS.showUp,
      value: formatRatio(showUp.data?.totals.showUpRate ?? null),
      hint: WORDS.ofConfirmed,
      to: '/attendance',
      search: filters,
    },
    {
      label: WORDS.whatsapp,
      value: formatRatio(whatsapp.freeShare),
      hint: WORDS.saved(formatMoney(whatsapp.estimatedSavingsCents)),
      to: '/messages/whatsapp',
      search: filters,
    },
  ]
  return (
    <ul className={styles['tiles']}>
      {tiles.map(({ label, value, hint, to, search }) => (
        <li key={label}>
          <Link to={to} search={search} className={styles['tile']}>
            <span className={styles['label']}>{label}</span>
            <strong className={styles['value']}>{value}</strong>
            <span className={styles['hint']}>{hint}</span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
