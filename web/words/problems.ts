/** A sentence for each problem of the API that people can meet on a page. The others have a general one, with their folio. */
import type { FailureCode } from '../../src/platform/errors.ts'
import { isProblem } from '../api/call.ts'
import { pick } from './locale.ts'

type Sentences = Partial<Record<FailureCode, string>>

const SENTENCES = pick<Sentences>({
  es: {
    invalid_request: 'Revisa los datos: algo no tiene la forma esperada.',
    invalid_phone: 'Ese teléfono no es válido. Escríbelo con lada: 55 1234 5678.',
    invalid_email: 'Ese correo no es válido.',
    invalid_amount: 'Ese monto no es válido.',
    amount_too_small: 'El monto es menor que el mínimo.',
    amount_too_large: 'El monto es mayor que el máximo.',
    invalid_date: 'Esa fecha no se puede usar.',
    period_too_long: 'El periodo es demasiado largo.',
    invalid_file: 'No pudimos leer el archivo.',
    unsupported_file: 'Ese tipo de archivo no se puede usar. Súbelo como CSV o XLSX.',
    file_has_macros: 'El archivo tiene macros. Guárdalo como XLSX sin macros.',
    columns_not_found: 'No encontramos la columna con los nombres.',
    too_many_columns: 'El archivo tiene demasiadas columnas.',
    too_many_rows: 'El archivo tiene demasiadas filas.',
    payload_too_large: 'El archivo es demasiado grande.',
    payment_required: 'Los boletos prepagados se pagan antes: su saldo a favor no alcanza.',
    tickets_used: 'Ya se usaron boletos de esta asignación.',
    duplicate_reference: 'Ese organizador ya tiene un pago con esa referencia.',
    export_required: 'Son demasiadas filas para bajarlas de una vez. Elige menos días o un organizador.',
    rate_limited: 'Demasiados intentos. Espera un momento.',
    unauthorized: 'Tu sesión terminó. Vuelve a entrar.',
    forbidden: 'Tu cuenta no puede hacer esto.',
    device_code_not_valid: 'Ese código ya se usó o venció. Pide otro.',
    scan_undone: 'Ya se había deshecho.',
    scan_not_undoable: 'Ya no se puede deshacer: esas personas volvieron a pasar.',
    supervisor_required: 'Esto lo hace un supervisor de la puerta.',
    window_closed: 'Pasaron 24 h desde su último mensaje: WhatsApp solo permite una plantilla.',
    idempotency_key_reused: 'Este formulario ya se envió con otros datos.',
  },
  en: {
    invalid_request: 'Check the fields: something does not have the expected form.',
    invalid_phone: 'This phone number is not valid. Write it with its area code: 55 1234 5678.',
    invalid_email: 'This e-mail address is not valid.',
    invalid_amount: 'This amount is not valid.',
    amount_too_small: 'The amount is below the minimum.',
    amount_too_large: 'The amount is above the maximum.',
    invalid_date: 'This date cannot be used.',
    period_too_long: 'The period is too long.',
    invalid_file: 'We could not read the file.',
    unsupported_file: 'This kind of file cannot be used. Upload CSV or XLSX.',
    file_has_macros: 'The file has macros. Save it as XLSX without macros.',
    columns_not_found: 'We found no column of names.',
    too_many_columns: 'The file has too many columns.',
    too_many_rows: 'The file has too many rows.',
    payload_too_large: 'The file is too large.',
    payment_required: 'Prepaid tickets are paid first: the credit is too small.',
    tickets_used: 'Tickets of this assignment are used.',
    duplicate_reference: 'This organizer already has a payment with this reference.',
    export_required: 'These are too many rows to download at once. Choose fewer days or one organizer.',
    rate_limited: 'Too many attempts. Wait a moment.',
    unauthorized: 'Your session has ended. Log in again.',
    forbidden: 'Your account may not do this.',
    device_code_not_valid: 'This code was used or has expired. Ask for another one.',
    scan_undone: 'It was undone before.',
    scan_not_undoable: 'It cannot be undone any more: these people have passed again.',
    supervisor_required: 'A supervisor of the door does this.',
    window_closed: '24 h have passed since their last message: WhatsApp allows a template only.',
    idempotency_key_reused: 'This form was sent before with other values.',
  },
})

const GENERAL = pick({
  es: { failed: 'No pudimos hacerlo.', offline: 'Sin conexión.', folio: 'Folio' },
  en: { failed: 'We could not do this.', offline: 'No connection.', folio: 'Reference' },
})

/** What to tell a person about a failed call. The folio is the request id, which support can look up. */
export function explainProblem(error: unknown): { text: string; folio: string | null } {
  if (!isProblem(error)) return { text: GENERAL.offline, folio: null }
  const sentence = (SENTENCES as Record<string, string>)[error.code]
  return { text: sentence ?? (error.detail || GENERAL.failed), folio: `${GENERAL.folio} ${error.requestId}` }
}
