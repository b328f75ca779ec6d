import { pick } from '../../words/locale.ts'

export const WORDS = pick({
  es: {
    title: 'Auditoría',
    who: 'Quién',
    anyone: 'Cualquiera',
    what: 'Qué hizo',
    object: 'Sobre qué',
    kind: 'Tipo',
    any: 'Todos',
    from: 'Desde',
    to: 'Hasta',
    when: 'Cuándo',
    organizer: 'Organizador',
    none: 'Nadie cambió nada así en estas fechas.',
    request: 'Folio',
    field: 'Dato',
    before: 'Antes',
    after: 'Después',
    changes: 'Cambios',
    nothing: 'Esta acción no guardó datos.',
  },
  en: {
    title: 'Audit',
    who: 'Who',
    anyone: 'Anyone',
    what: 'What they did',
    object: 'To what',
    kind: 'Kind',
    any: 'All',
    from: 'From',
    to: 'To',
    when: 'When',
    organizer: 'Organizer',
    none: 'Nobody changed anything like this on these days.',
    request: 'Reference',
    field: 'Field',
    before: 'Before',
    after: 'After',
    changes: 'Changes',
    nothing: 'This action kept no data.',
  },
})

/** The kinds of object that the audit log has entries of. */
export const KINDS: Record<string, string> = pick({
  es: {
    organizer: 'Organizador',
    event: 'Evento',
    guest: 'Invitado',
    guest_import: 'Importación',
    answer: 'Respuesta',
    conversation: 'Conversación',
    scan: 'Entrada',
    campaign: 'Envío',
    pause: 'Pausa',
    payment: 'Pago',
    refund: 'Devolución',
    payment_review: 'Pago por revisar',
    ledger_transaction: 'Movimiento',
    dead_letter: 'Mensaje detenido',
    export: 'Exportación',
    event_text: 'Texto del evento',
    waitlist_entry: 'Lista de espera',
    pass: 'Pase',
    event_staff: 'Equipo del evento',
    api_key: 'Llave',
    device: 'Dispositivo',
    user: 'Usuario',
  },
  en: {
    organizer: 'Organizer',
    event: 'Event',
    guest: 'Guest',
    guest_import: 'Import',
    answer: 'Answer',
    conversation: 'Conversation',
    scan: 'Entry',
    campaign: 'Campaign',
    pause: 'Pause',
    payment: 'Payment',
    refund: 'Refund',
    payment_review: 'Payment to review',
    ledger_transaction: 'Movement',
    dead_letter: 'Stuck message',
    export: 'Export',
    event_text: 'Text of an event',
    waitlist_entry: 'Waiting list',
    pass: 'Pass',
    event_staff: 'Staff of an event',
    api_key: 'Key',
    device: 'Device',
    user: 'User',
  },
})

const STEPS: Record<string, string> = pick({
  es: { created: 'alta', changed: 'cambio', deleted: 'baja', invited: 'invitación' },
  en: { created: 'created', changed: 'changed', deleted: 'deleted', invited: 'invited' },
})

const OTHERS: Record<string, string> = pick({
  es: { password_link_created: 'Enlace de contraseña', password_set: 'Contraseña nueva' },
  en: { password_link_created: 'Password link', password_set: 'New password' },
})

/** `Pago, alta`, of `payment_created`. An action without words is shown as the API names it. */
export function nameAction(action: string): string {
  const [, kind = '', step = ''] = /^(.+)_([a-z]+)$/.exec(action) ?? []
  if (KINDS[kind] && STEPS[step]) return `${KINDS[kind]}, ${STEPS[step]}`
  return OTHERS[action] ?? action
}
