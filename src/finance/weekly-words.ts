/** What directors read in the weekly e-mail, and on the page that turns it off. */
import type { Locale } from '../platform/values/languages.ts'
import type { Waiting, Week } from './weekly-sql.ts'

type Text = { title: string; text: string }
/** `from`, `to` and `moment` are date formats of luxon. */
type Words = {
  from: string
  to: string
  moment: string
  subject: (from: string, to: string) => string
  title: string
  preheader: (billed: string, paid: string, debt: string) => string
  week: (from: string, to: string) => string
  age: (live: string, views: string) => string
  before: (text: string) => string
  figures: Record<Exclude<keyof Week, 'from' | 'to'>, string>
  waiting: Record<keyof Waiting, string>
  button: string
  why: string
  stop: string
  ask: Text
  done: Text
}

export const WEEKLY_WORDS: Record<Locale, Words> = {
  'es-MX': {
    from: "d 'de' LLLL",
    to: "d 'de' LLLL 'de' yyyy",
    moment: "d 'de' LLLL, HH:mm 'h'",
    subject: (from, to) => `Resumen semanal: del ${from} al ${to}`,
    title: 'Resumen semanal',
    preheader: (billed, paid, debt) => `Facturado ${billed}, cobrado ${paid}, adeudo ${debt}.`,
    week: (from, to) => `Semana del lunes ${from} al domingo ${to}. Entre paréntesis, la semana anterior.`,
    age: (live, views) =>
      `Dinero y boletos al ${live}. Invitados, asistencia y mensajes al ${views}; los invitados y la asistencia son los de los eventos de cada semana.`,
    before: (text) => `(antes ${text})`,
    figures: {
      billedCents: 'Facturado',
      paidCents: 'Cobrado',
      openDebtCents: 'Adeudo al cierre',
      ticketsUsed: 'Boletos usados',
      confirmed: 'Invitados confirmados',
      showUpRate: 'Asistencia',
      freeShare: 'WhatsApp sin costo',
    },
    waiting: { reviews: 'Pagos por revisar', differences: 'Diferencias con los proveedores' },
    button: 'Ver el panel',
    why: 'Recibes este correo porque activaste el resumen semanal en tu cuenta.',
    stop: 'No quiero más este resumen',
    ask: { title: '¿Dejar de recibir el resumen?', text: 'Ya no te llegará el resumen semanal a este correo.' },
    done: { title: 'Listo', text: 'Ya no te llegará el resumen semanal. Puedes activarlo de nuevo en tu cuenta.' },
  },
  en: {
    from: 'LLLL d',
    to: 'LLLL d, yyyy',
    moment: 'LLLL d, HH:mm',
    subject: (from, to) => `Weekly overview: ${from} to ${to}`,
    title: 'Weekly overview',
    preheader: (billed, paid, debt) => `Billed ${billed}, paid ${paid}, open debt ${debt}.`,
    week: (from, to) => `The week from Monday, ${from} to Sunday, ${to}. The week before is in parentheses.`,
    age: (live, views) =>
      `Money and tickets as of ${live}. Guests, show-up and messages as of ${views}; guests and show-up are those of the events of each week.`,
    before: (text) => `(before: ${text})`,
    figures: {
      billedCents: 'Billed',
      paidCents: 'Paid',
      openDebtCents: 'Open debt at the end',
      ticketsUsed: 'Tickets used',
      confirmed: 'Confirmed guests',
      showUpRate: 'Show-up',
      freeShare: 'WhatsApp free of charge',
    },
    waiting: { reviews: 'Payments to review', differences: 'Differences from the providers' },
    button: 'Open the panel',
    why: 'You get this e-mail because you turned on the weekly overview in your account.',
    stop: 'I want no more of these e-mails',
    ask: { title: 'Stop the weekly overview?', text: 'You will get no more weekly overviews at this address.' },
    done: { title: 'Done', text: 'You will get no more weekly overviews. You can turn them on again in your account.' },
  },
}
