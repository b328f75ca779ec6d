/** The codes of the API that the audit log keeps, in the words of the screens on which people chose them. */
import { pick } from '../../words/locale.ts'
import { MOVEMENTS } from '../../words/movements.ts'
import { ANSWERS, EVENT_STATES } from '../../words/states.ts'
import { LETTER_KINDS, METHODS, PAYMENT_STATES, RESOLUTIONS, ROLES, SCOPES } from '../shared/words.ts'

type Names = Record<string, string>
const textsOf = (states: Record<string, { text: string }>): Names =>
  Object.fromEntries(Object.entries(states).map(([code, { text }]) => [code, text]))

/** Of a field; of the field of one kind of object where the same code means something else in another. */
const NAMES: Record<string, Names> = {
  'event.status': textsOf(EVENT_STATES),
  'payment.status': PAYMENT_STATES,
  'ledger_transaction.kind': MOVEMENTS,
  'dead_letter.kind': LETTER_KINDS,
  answer: textsOf(ANSWERS),
  method: METHODS,
  resolution: RESOLUTIONS,
  role: ROLES,
  scopes: SCOPES,
  ...pick<Record<string, Names>>({
    es: {
      'campaign.status': {
        ...{ preflight: 'En revisión', scheduled: 'Programado', running: 'Enviando' },
        ...{ cancelled: 'Cancelado', missed: 'No salió' },
      },
      'guest_import.status': { queued: 'En fila', running: 'Importando', completed: 'Lista', failed: 'Se detuvo' },
      'payment_review.status': { open: 'Abierto', applied: 'Aplicado', dismissed: 'Descartado' },
      'payment.kind': { intent: 'En línea', manual: 'Registrado a mano' },
      'pause.scope': { channel: 'Un canal', organizer: 'Un organizador', event: 'Un evento', campaign: 'Un envío' },
      'pause.source': { person: 'Una persona', system: 'El sistema' },
      type: { standard: 'Estándar', premium: 'Premium' },
      doorPolicy: { invited: 'A quien está en la lista', confirmed: 'Solo a quien confirmó' },
      reentry: { none: 'No vuelve a entrar', exit_then_entry: 'Puede volver: la puerta registra su salida' },
      locale: { 'es-MX': 'Español', es: 'Español', en: 'Inglés' },
    },
    en: {
      'campaign.status': {
        ...{ preflight: 'Being checked', scheduled: 'Scheduled', running: 'Sending' },
        ...{ cancelled: 'Cancelled', missed: 'Not sent' },
      },
      'guest_import.status': { queued: 'Queued', running: 'Importing', completed: 'Done', failed: 'Stopped' },
      'payment_review.status': { open: 'Open', applied: 'Applied', dismissed: 'Dismissed' },
      'payment.kind': { intent: 'Online', manual: 'Entered by hand' },
      'pause.scope': { channel: 'A channel', organizer: 'An organizer', event: 'An event', campaign: 'A send' },
      'pause.source': { person: 'A person', system: 'The system' },
      type: { standard: 'Standard', premium: 'Premium' },
      doorPolicy: { invited: 'Whoever is on the list', confirmed: 'Only who confirmed' },
      reentry: { none: 'May not come back', exit_then_entry: 'May come back: the door records the exit' },
      locale: { 'es-MX': 'Spanish', es: 'Spanish', en: 'English' },
    },
  }),
}

/** A code in words; what is no code, and a code without words, stay as they are. `entity`: the kind of object. */
export const nameValue = (entity: string, field: string, code: string): string =>
  (NAMES[`${entity}.${field}`] ?? NAMES[field])?.[code] ?? code
