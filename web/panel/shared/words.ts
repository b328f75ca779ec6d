/** What more than one screen names. */
import type { Schemas } from '../../api/client.ts'
import { pick } from '../../words/locale.ts'

/** Of a payment. */
export const PAYMENT_STATES: Record<Schemas['Payment']['status'], string> = pick({
  es: {
    creating: 'Creándose',
    unknown: 'Sin confirmar',
    requires_payment: 'Por pagar',
    requires_action: 'Espera al cliente',
    processing: 'En proceso',
    failed: 'Falló',
    cancelled: 'Cancelado',
    expired: 'Venció',
    late: 'Llegó tarde',
    underpaid: 'Incompleto',
    confirmed: 'Cobrado',
    partially_refunded: 'Devuelto en parte',
    refunded: 'Devuelto',
    disputed: 'En disputa',
    charged_back: 'Contracargo',
    reversed: 'Revertido',
  },
  en: {
    creating: 'Being created',
    unknown: 'Unconfirmed',
    requires_payment: 'To be paid',
    requires_action: 'Waits for the client',
    processing: 'Processing',
    failed: 'Failed',
    cancelled: 'Cancelled',
    expired: 'Expired',
    late: 'Late',
    underpaid: 'Underpaid',
    confirmed: 'Paid',
    partially_refunded: 'Partly refunded',
    refunded: 'Refunded',
    disputed: 'Disputed',
    charged_back: 'Charged back',
    reversed: 'Reversed',
  },
})
/** How a payment came. */
export const METHODS: Record<string, string> = pick({
  es: {
    transfer: 'Transferencia',
    cash: 'Efectivo',
    card: 'Tarjeta',
    other: 'Otro',
    oxxo: 'OXXO',
    spei: 'SPEI',
  },
  en: { transfer: 'Transfer', cash: 'Cash', card: 'Card', other: 'Other', oxxo: 'OXXO', spei: 'SPEI' },
})

/** How a letter was closed. */
export const RESOLUTIONS: Record<string, string> = pick({
  es: {
    retried: 'Se reintentó',
    discarded: 'Se descartó',
    arrived: 'Ya había llegado',
    superseded: 'Se pidió de nuevo',
    moved: 'Ya estaba en camino',
    gone: 'Ya no existe',
  },
  en: {
    retried: 'Retried',
    discarded: 'Discarded',
    arrived: 'Had arrived',
    superseded: 'Requested again',
    moved: 'Was on its way',
    gone: 'Exists no more',
  },
})

/** What a stuck letter is. */
export const LETTER_KINDS: Record<Schemas['DeadLetter']['kind'], string> = pick({
  es: { delivery: 'Mensaje', inbound_event: 'Aviso recibido', job: 'Tarea' },
  en: { delivery: 'Message', inbound_event: 'Received event', job: 'Job' },
})

export const ROLES: Record<Schemas['User']['role'], string> = pick({
  es: { director: 'Dirección', organizer: 'Organización', staff: 'Puerta', viewer: 'Solo lectura' },
  en: { director: 'Director', organizer: 'Organizer', staff: 'Door', viewer: 'Read only' },
})

/** What a key may do, in a word. */
export const SCOPES: Record<Schemas['ApiKey']['scopes'][number], string> = pick({
  es: { read: 'leer', write: 'cambiar', door: 'puerta', payments: 'dinero' },
  en: { read: 'read', write: 'write', door: 'door', payments: 'money' },
})
