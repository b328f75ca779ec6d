/** What people read above the columns of a spreadsheet. CSV is for programs and has the names of the API. */
import type { Report } from './report.ts'

const HEADINGS: Record<string, string> = {
  amount: 'Importe',
  billable: 'Con costo',
  billed: 'Facturado',
  confirmationRate: 'Confirmación',
  confirmed: 'Confirmados',
  confirmedEntered: 'Confirmados que entraron',
  day: 'Día',
  days0to30: '0 a 30 días',
  days31to60: '31 a 60 días',
  days61to90: '61 a 90 días',
  declined: 'No asisten',
  entered: 'Entraron',
  event: 'Evento',
  events: 'Eventos',
  free: 'Sin costo',
  freeShare: 'Proporción sin costo',
  guests: 'Invitados',
  id: 'Id',
  loan: 'Boletos a crédito',
  oldest: 'Adeudo más antiguo',
  openDebt: 'Adeudo',
  organizer: 'Organizador',
  organizers: 'Organizadores',
  over90: 'Más de 90 días',
  paid: 'Cobrado',
  payments: 'Pagos',
  pending: 'Sin respuesta',
  prepaid: 'Boletos prepagados',
  priced: 'Mensajes con precio',
  showUpRate: 'Asistencia',
  ticketsUsed: 'Boletos usados',
  used: 'Boletos usados',
}

/** Throws when a column has no heading yet. */
export function headingOf(report: Report, name: string): string {
  const heading = HEADINGS[name]
  if (heading === undefined) throw new Error(`The column ${name} of ${report.name} has no heading in headings.ts.`)
  return heading
}
