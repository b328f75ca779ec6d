/** What the audit log keeps of a change, in words: names of fields, and their values as people read them. */
import { formatMoneyIn, formatTime, ZONE } from '../../words/formats.ts'
import { pick } from '../../words/locale.ts'
import { nameValue } from './values.ts'

const ABSENT = '—'
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/
/** A name or a note may begin like one, or look like one that is none. */
const isInstant = (text: string) => INSTANT.test(text) && !Number.isNaN(Date.parse(text))
const WORDS = pick({ es: { yes: 'Sí', no: 'No' }, en: { yes: 'Yes', no: 'No' } })

const NAMES = pick<Record<string, string>>({
  es: {
    ...{
      name: 'Nombre',
      type: 'Tipo',
      status: 'Estado',
      kind: 'Tipo',
      reason: 'Motivo',
      note: 'Nota',
      source: 'Origen',
    },
    ...{ startsAt: 'Empieza', endsAt: 'Termina', timeZone: 'Zona horaria', location: 'Dónde es', venue: 'Lugar' },
    ...{
      capacity: 'Cupo',
      rsvpUntil: 'Responder hasta',
      landingTtlDays: 'Días de la página',
      doorPolicy: 'Regla de la puerta',
    },
    ...{ doorsOpenMinutes: 'Minutos antes que abre', reentry: 'Reingreso', cancelReason: 'Motivo de cancelación' },
    ...{
      eventId: 'Evento',
      organizerId: 'Organizador',
      userId: 'Usuario',
      paymentId: 'Pago',
      assigneeId: 'A cargo de',
    },
    ...{
      partySize: 'Lugares',
      places: 'Lugares',
      locale: 'Idioma',
      phone: 'Teléfono',
      email: 'Correo',
      notes: 'Notas',
    },
    ...{ tags: 'Etiquetas', companions: 'Acompañantes', answer: 'Respuesta', anonymizedAt: 'Datos borrados' },
    ...{ format: 'Formato', created: 'Nuevos', updated: 'Cambiados', unchanged: 'Iguales', rejected: 'Rechazados' },
    ...{ undoneAt: 'Se deshizo', undoReason: 'Por qué se deshizo', schedule: 'Cuándo sale', scheduledAt: 'Sale' },
    ...{ cancelledAt: 'Cancelado', scope: 'Qué se pausó', scopeId: 'Cuál', until: 'Hasta', provider: 'Proveedor' },
    ...{ amountCents: 'Monto', currency: 'Moneda', method: 'Método', reference: 'Referencia', paidAt: 'Se pagó' },
    ...{
      decision: 'Decisión',
      reversesId: 'Revierte',
      effectiveAt: 'Cuenta desde',
      refId: 'De qué',
      resolution: 'Qué se hizo',
    },
    ...{
      report: 'Reporte',
      filter: 'Filtros',
      title: 'Título',
      greeting: 'Saludo',
      body: 'Texto',
      dressCode: 'Vestimenta',
    },
    ...{ gifts: 'Regalos', thanks: 'Agradecimiento', version: 'Versión', gate: 'Puerta', prefix: 'Empieza con' },
    ...{
      scopes: 'Qué puede hacer',
      expiresAt: 'Vence',
      replacedBy: 'La reemplaza',
      role: 'Rol',
      supervisor: 'Supervisa',
    },
    ...{ disabled: 'Desactivado', disabledAt: 'Desactivado', address: 'Dirección', mapUrl: 'Mapa' },
    ...{ latitude: 'Latitud', longitude: 'Longitud', changed: 'También cambió' },
  },
  en: {},
})

/** `startsAt` as `Starts at`: the API speaks English. */
const spell = (field: string): string =>
  field.charAt(0).toUpperCase() + field.slice(1).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

export const nameField = (field: string): string => NAMES[field] ?? spell(field)

type Of = { entity: string; currency: string | null }

/** A value as text. `entity`: the kind of object that it is of. Cents are of `currency`; null: pesos. */
export function describeValue(field: string, value: unknown, of: Of): string {
  if (value === undefined || value === null) return ABSENT
  if (typeof value === 'boolean') return value ? WORDS.yes : WORDS.no
  if (typeof value === 'number') return field.endsWith('Cents') ? formatMoneyIn(value, of.currency) : String(value)
  if (typeof value === 'string') return describeText(field, value, of)
  if (Array.isArray(value)) return value.map((one) => describeValue(field, one, of)).join(', ') || ABSENT
  return (
    Object.entries(value)
      .filter(([, part]) => part !== null)
      .map(([name, part]) => `${nameField(name)}: ${describeValue(name, part, of)}`)
      .join('. ') || ABSENT
  )
}

function describeText(field: string, text: string, { entity }: Of): string {
  if (isInstant(text)) return formatTime(text, ZONE)
  // Of personal data the log only keeps which fields changed.
  return field === 'changed' ? nameField(text) : nameValue(entity, field, text)
}
