/** The invitation's page with these texts, drawn with its own words and colours. */
import { useState } from 'react'
import { $api } from '../../api/client.ts'
import { RadioChoice } from '../../kit/RadioChoice.tsx'
import { formatClock } from '../../words/formats.ts'
import { WORDS as PAGE_WORDS } from '../../../src/landing/words.ts'
import type { Event } from '../shared/event.ts'
import { standinOf, type Locale, type Texts } from './texts.ts'
import styles from './texts.module.css'
import { WORDS } from './words.ts'

const MOMENTS = (['before', 'after'] as const).map((id) => ({ id, label: WORDS[id] }))

type Props = { event: Event; values: Texts; standins: Parameters<typeof standinOf>[1]; isChanged: boolean }

export function Preview({ event, values, standins, isChanged }: Props) {
  const [moment, setMoment] = useState<'before' | 'after'>('before')
  const { locale } = standins
  const words = PAGE_WORDS[locale]
  const shown = (field: keyof Texts) => values[field].trim() || standinOf(field, standins).text
  return (
    <section aria-labelledby="preview" className={styles['side']}>
      <h2 id="preview">{WORDS.preview}</h2>
      <RadioChoice label={WORDS.moment} value={moment} options={MOMENTS} onChange={setMoment} />
      <div lang={locale} className={styles['page']}>
        <p className={styles['eyebrow']}>{shown('greeting')}</p>
        <p className={styles['name']}>{shown('title')}</p>
        <p className={styles['soft']}>
          {words.dear} <strong>{WORDS.sample}</strong>
        </p>
        {moment === 'before' ? paragraphsOf(shown('body')) : null}
        <dl className={styles['facts']}>
          <dt>{words.when}</dt>
          <dd>
            {dayOf(event, locale)}, {formatClock(event.startsAt, event.timeZone)} h
          </dd>
          <Fact name={words.where} text={event.location ?? ''} />
          <Fact name={words.dressCode} text={moment === 'before' ? shown('dressCode') : ''} />
          <Fact name={words.gifts} text={moment === 'before' ? shown('gifts') : ''} />
        </dl>
        {moment === 'before' ? (
          <p className={styles['end']}>{words.question}</p>
        ) : (
          <>
            <p className={styles['end']}>{words.thanks}</p>
            <p className={styles['lines']}>{shown('thanks')}</p>
          </>
        )}
      </div>
      {isChanged ? <p className={styles['soft']}>{WORDS.unsaved}</p> : null}
      <RealPage event={event} locale={locale} />
    </section>
  )
}

/** In the language of the guest, which may not be the one of these pages. */
const dayOf = ({ startsAt, timeZone }: Event, locale: Locale) =>
  new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeZone }).format(new Date(startsAt))

const paragraphsOf = (text: string) =>
  text === ''
    ? null
    : text.split(/\n{2,}/).map((part, index) => (
        <p key={index} className={styles['lines']}>
          {part}
        </p>
      ))

function Fact({ name, text }: { name: string; text: string }) {
  if (text === '') return null
  return (
    <>
      <dt>{name}</dt>
      <dd className={styles['lines']}>{text}</dd>
    </>
  )
}

/** More guests than these are not looked through. */
const SOUGHT_MAX = 200

/** The page itself, of the first guest who reads this language. Opening it answers nothing. */
function RealPage({ event, locale }: { event: Event; locale: Locale }) {
  const params = { path: { eventId: event.id }, query: { limit: SOUGHT_MAX } }
  const guests = $api.useQuery('get', '/events/{eventId}/guests', { params })
  if (event.status === 'draft') return <p className={styles['soft']}>{WORDS.draft}</p>
  if (event.status === 'expired' || !guests.data) return null
  const guest = guests.data.data.find((one) => one.locale === locale && one.anonymizedAt === null)
  if (!guest) return guests.data.page.nextCursor ? null : <p className={styles['soft']}>{WORDS.nobody}</p>
  return (
    <p>
      <a href={`/i/${encodeURIComponent(guest.code)}`} target="_blank" rel="noreferrer">
        {WORDS.open(guest.name)}
        <span className="visually-hidden"> ({WORDS.newTab})</span>
      </a>
    </p>
  )
}
