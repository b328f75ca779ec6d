/**
 * The weekly e-mail to directors: the overview of the week before, beside the week before that.
 *
 * It is sent on Mondays from eight o'clock until midnight in Mexico City. Its numbers are stored with its row before the
 * first attempt, so that a repeated call has the same bytes, and Resend sends one mail.
 */
import { randomBytes } from 'node:crypto'
import { DateTime } from 'luxon'
import type { Message } from '../channels/channels.ts'
import type { Deps } from '../deps.ts'
import { TIME_ZONE } from '../platform/values/days.ts'
import { newId } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'
import { formatCents } from '../platform/values/money.ts'
import { countAttention } from '../payments/payments.ts'
import { countOpenDifferences } from '../reconciliation/reconciliation.ts'
import { renderHtml, renderText, type Letter } from '../templates/templates.ts'
import { compareOverviews, type Overview } from './overview.ts'
import { refreshIfCheap } from './refresh.ts'
import { insertWeeklyEmails, listMissing, type ClaimedWeeklyEmail, type Figures, type Week } from './weekly-sql.ts'
import { WEEKLY_WORDS } from './weekly-words.ts'

const CURRENCY = 'MXN'
const FROM_HOUR = 8

type Context = Pick<Deps, 'config' | 'db' | 'slowDb' | 'log' | 'now'>

/** The week whose mail may be begun at `now`, by its Monday. Null: it is another day, or too early. */
export function findWeekToSend(now: Date): string | null {
  const local = DateTime.fromJSDate(now, { zone: TIME_ZONE })
  return local.weekday === 1 && local.hour >= FROM_HOUR ? local.toISODate() : null
}

/** Makes the rows of the week that are missing: one for each director who wants the mail. */
export async function planWeeklyEmails(context: Context, week: string): Promise<void> {
  const userIds = await listMissing(context.db, week)
  if (userIds.length === 0) return
  const figures = await computeFigures(context, week)
  // Hexadecimal, because what is glued to the end of a link is cut off up to its last letter or digit.
  const rows = userIds.map((userId) => ({ id: newId('wkm'), userId, stopToken: randomBytes(16).toString('hex') }))
  await insertWeeklyEmails(context.db, rows, { week, figures, now: context.now() })
}

async function computeFigures(context: Context, week: string): Promise<Figures> {
  await refreshIfCheap(context)
  const liveAt = context.now()
  const monday = DateTime.fromISO(week, { zone: 'utc' })
  const daysOf = (weeksAgo: number) => ({
    from: monday.minus({ weeks: weeksAgo }).toISODate()!,
    to: monday.minus({ weeks: weeksAgo - 1, days: 1 }).toISODate()!,
  })
  const everyone = { organizerId: null, currency: CURRENCY }
  const [lastDays, daysBefore] = [daysOf(1), daysOf(2)]
  const [last, before] = await compareOverviews(context, [
    { ...everyone, ...lastDays },
    { ...everyone, ...daysBefore },
  ])
  return {
    liveAt: liveAt.toISOString(),
    asOf: last.asOf.toISOString(),
    last: { ...lastDays, ...pick(last) },
    before: { ...daysBefore, ...pick(before) },
    waiting: {
      reviews: (await countAttention(context.db)).reviews,
      differences: await countOpenDifferences(context.db),
    },
  }
}

const pick = ({ finance, tickets, guests, whatsapp }: Overview): Omit<Week, 'from' | 'to'> => ({
  billedCents: finance.billedCents,
  paidCents: finance.paidCents,
  openDebtCents: finance.openDebtCents,
  ticketsUsed: tickets.equivalent,
  confirmed: guests.confirmed,
  showUpRate: guests.showUpRate,
  freeShare: whatsapp.freeShare,
})

/** The mail with its row's id as the idempotency key. `baseUrl`: PUBLIC_BASE_URL, without a trailing slash. */
export function composeWeeklyEmail(claimed: ClaimedWeeklyEmail, baseUrl: string): Message {
  const { id, email, language: locale, figures, stopToken } = claimed
  const words = WEEKLY_WORDS[locale]
  const [from, to] = [showDay(figures.last.from, locale, words.from), showDay(figures.last.to, locale, words.to)]
  const unsubscribeUrl = `${baseUrl}/public/weekly-email/${stopToken}`
  const { billedCents, paidCents, openDebtCents } = figures.last
  const letter: Letter = {
    locale,
    title: words.title,
    preheader: words.preheader(showMoney(billedCents), showMoney(paidCents), showMoney(openDebtCents)),
    paragraphs: [
      words.week(from, to),
      words.age(showMoment(figures.liveAt, locale, words.moment), showMoment(figures.asOf, locale, words.moment)),
    ],
    facts: listFacts(figures, locale),
    image: null,
    button: { label: words.button, url: `${baseUrl}/panel` },
    why: words.why,
    unsubscribe: { label: words.stop, url: unsubscribeUrl },
  }
  const content = {
    subject: words.subject(from, to),
    html: renderHtml(letter),
    text: renderText(letter),
    unsubscribeUrl,
  }
  const ids = { deliveryId: id, requestId: id, idempotencyKey: id }
  return { ...ids, to: email, template: 'weekly_overview', locale, channel: 'email', content }
}

function listFacts({ last, before, waiting }: Figures, locale: Locale): Letter['facts'] {
  const { figures, before: parenthesize, waiting: labels } = WEEKLY_WORDS[locale]
  const count = (value: number) => value.toLocaleString(locale)
  const share = (value: number | null) =>
    value === null ? '—' : value.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 1 })
  const row = (name: keyof typeof figures, show: (week: Week) => string): [string, string] => [
    figures[name],
    `${show(last)} ${parenthesize(show(before))}`,
  ]
  return [
    row('billedCents', ({ billedCents }) => showMoney(billedCents)),
    row('paidCents', ({ paidCents }) => showMoney(paidCents)),
    row('openDebtCents', ({ openDebtCents }) => showMoney(openDebtCents)),
    row('ticketsUsed', ({ ticketsUsed }) => count(ticketsUsed)),
    row('confirmed', ({ confirmed }) => count(confirmed)),
    row('showUpRate', ({ showUpRate }) => share(showUpRate)),
    row('freeShare', ({ freeShare }) => share(freeShare)),
    ...(waiting
      ? ([
          [labels.reviews, count(waiting.reviews)],
          [labels.differences, count(waiting.differences)],
        ] satisfies Letter['facts'])
      : []),
  ]
}

/** As in Mexico, whatever the language: 123456 → "$1,234.56 MXN". */
function showMoney(cents: number): string {
  const digits = formatCents(Math.abs(cents), CURRENCY).replace(/\B(?=(\d{3})+\.)/g, ',')
  return `${cents < 0 ? '-' : ''}$${digits} ${CURRENCY}`
}

const showDay = (day: string, locale: Locale, format: string): string =>
  DateTime.fromISO(day, { zone: 'utc' }).setLocale(locale).toFormat(format)
const showMoment = (instant: string, locale: Locale, format: string): string =>
  DateTime.fromISO(instant, { zone: TIME_ZONE }).setLocale(locale).toFormat(format)
