/** Chooses the period and the organizer of a screen. */
import type { ReactNode } from 'react'
import { DateField } from '../../kit/DateField.tsx'
import { Choice } from '../../kit/Field.tsx'
import { pick } from '../../words/locale.ts'
import { useOrganizers } from './organizers.ts'
import { isDay, listPeriods, periodOf, todayInMexico, type Filters } from './period.ts'
import styles from './filters.module.css'

const WORDS = pick({
  es: {
    period: 'Periodo',
    periods: { season: '4 meses', month: 'Este mes', lastMonth: 'Mes pasado', days90: '90 días', year: 'Este año' },
    other: 'Otras fechas',
    from: 'Desde',
    to: 'Hasta',
    organizer: 'Organizador',
    all: 'Todos',
  },
  en: {
    period: 'Period',
    periods: { season: '4 months', month: 'This month', lastMonth: 'Last month', days90: '90 days', year: 'This year' },
    other: 'Other dates',
    from: 'From',
    to: 'To',
    organizer: 'Organizer',
    all: 'All',
  },
})
const ALL = 'all'
const OTHER = 'other' as const

type Props = { filters: Filters; onChange: (change: Filters) => void; children?: ReactNode }

export function FilterBar({ filters, onChange, children }: Props) {
  const today = todayInMexico()
  const period = periodOf(filters, today)
  const periods = listPeriods(today)
  const ids = Object.keys(periods) as (keyof typeof periods)[]
  const chosen = ids.find((id) => periods[id].from === period.from && periods[id].to === period.to)
  const choose = (id: keyof typeof periods | typeof OTHER) => {
    if (id !== OTHER) onChange(periods[id])
  }
  return (
    <div className={styles['bar']} role="search">
      <Choice
        label={WORDS.period}
        value={chosen ?? OTHER}
        options={[
          ...ids.map((id) => ({ id, label: WORDS.periods[id] })),
          ...(chosen ? [] : [{ id: OTHER, label: WORDS.other }]),
        ]}
        onChange={choose}
      />
      <DateField
        label={WORDS.from}
        value={period.from}
        onChange={(from) => isDay(from) && onChange({ from, ...(from > period.to ? { to: from } : {}) })}
      />
      <DateField
        label={WORDS.to}
        value={period.to}
        onChange={(to) => isDay(to) && onChange({ to, ...(to < period.from ? { from: to } : {}) })}
      />
      <OrganizerChoice value={filters.organizerId} onChange={(organizerId) => onChange({ organizerId })} />
      {children}
    </div>
  )
}

/** All organizers, or one. */
export function OrganizerChoice({
  value,
  onChange,
}: {
  value: string | undefined
  onChange: (id: string | undefined) => void
}) {
  const { data } = useOrganizers()
  const options = (data?.data ?? []).map(({ id, name }) => ({ id, label: name }))
  return (
    <Choice
      label={WORDS.organizer}
      value={value ?? ALL}
      options={[{ id: ALL, label: WORDS.all }, ...options]}
      onChange={(id) => onChange(id === ALL ? undefined : id)}
    />
  )
}
