/** Chooses the period and the organizer of a screen. */
import type { ReactNode } from 'react'
import { Choice, Field } from '../../kit/Field.tsx'
import { pick } from '../../words/locale.ts'
import { useOrganizers } from './organizers.ts'
import { listPeriods, periodOf, todayInMexico, type Filters } from './period.ts'
import styles from './filters.module.css'

const WORDS = pick({
  es: { period: 'Periodo', other: 'Otras fechas', from: 'Desde', to: 'Hasta', organizer: 'Organizador', all: 'Todos' },
  en: { period: 'Period', other: 'Other dates', from: 'From', to: 'To', organizer: 'Organizer', all: 'All' },
})
const ALL = 'all'
const OTHER = 'other'

type Props = { filters: Filters; onChange: (change: Filters) => void; children?: ReactNode }

export function FilterBar({ filters, onChange, children }: Props) {
  const today = todayInMexico()
  const period = periodOf(filters, today)
  const periods = listPeriods(today)
  const chosen = periods.find(({ from, to }) => from === period.from && to === period.to)
  const choose = (id: string) => {
    const found = periods.find((one) => one.id === id)
    if (found) onChange({ from: found.from, to: found.to })
  }
  return (
    <div className={styles['bar']} role="search">
      <Choice
        label={WORDS.period}
        value={chosen?.id ?? OTHER}
        options={[...periods, ...(chosen ? [] : [{ id: OTHER, label: WORDS.other }])]}
        onChange={choose}
      />
      <Field
        label={WORDS.from}
        type="date"
        value={period.from}
        onChange={(from) => isDay(from) && onChange({ from })}
      />
      <Field label={WORDS.to} type="date" value={period.to} onChange={(to) => isDay(to) && onChange({ to })} />
      <OrganizerChoice value={filters.organizerId} onChange={(organizerId) => onChange({ organizerId })} />
      {children}
    </div>
  )
}

/** A date that is being typed begins with a year such as 0002. */
const isDay = (day: string) => /^20\d\d-\d\d-\d\d$/.test(day)

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
