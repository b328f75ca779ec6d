/** The guests that a campaign would leave out, as a CSV file with the reason and what to do about it. */
import { stringify } from 'csv-stringify'
import { pipeline, Readable } from 'node:stream'
import type { Locale } from '../platform/values/languages.ts'
import { judgeAgain, type AskedPreflight, type Context } from './preflighted.ts'
import type { Exclusion, Recipient } from './recipients.ts'

/**
 * Lists the guests that a launch would leave out now, as CSV: RFC 4180, UTF-8 with a byte order mark for spreadsheets, and
 * an apostrophe before values that a spreadsheet would run as a formula. Throws what judgeAgain throws.
 */
export async function openExclusionsCsv(
  context: Context,
  { locale, ...asked }: AskedPreflight & { locale: Locale },
): Promise<Readable> {
  const excluded = (await judgeAgain(context, asked)).filter(({ exclusion }) => exclusion !== null)
  const words = WORDS[locale]
  const csv = stringify({
    ...{ bom: true, header: true, columns: words.headings, escape_formulas: true, record_delimiter: 'windows' },
  })
  // A failure aborts the answer, so the reader sees a broken download instead of a short list.
  pipeline(Readable.from(excluded), toRows(words), csv, () => undefined)
  return csv
}

const toRows = ({ reasons }: Words) =>
  async function* (source: AsyncIterable<Recipient>) {
    for await (const { guestId, name, exclusion } of source) yield [guestId, name, ...reasons[exclusion!], exclusion]
  }

/** The reason, and what to do. */
type Words = { headings: string[]; reasons: Record<Exclusion, [string, string]> }
const WORDS: Record<Locale, Words> = {
  'es-MX': {
    headings: ['Invitado', 'Nombre', 'Motivo', 'Qué hacer', 'Clave'],
    reasons: {
      guest_opted_out: ['Pidió no recibir mensajes (BAJA)', 'Nada: solo el invitado puede volver, escribiendo ALTA'],
      marketing_stopped: [
        'Le dijo a WhatsApp que no quiere promociones',
        'Agrega su correo; los recordatorios sí le llegan por WhatsApp',
      ],
      email_stopped: ['Su correo rebotó, se quejó o se dio de baja', 'Pide otro correo o agrega su número de WhatsApp'],
      no_address_for_channel: ['No tiene dato para este canal', 'Agrega su número de WhatsApp o su correo'],
      template_not_approved: [
        'WhatsApp no tiene aprobada la plantilla en su idioma, o aprobó otra',
        'Revisa la plantilla con WhatsApp, o envía por correo',
      ],
      template_variable_missing: ['Falta una variable del mensaje', 'Escribe la variable y pide otra vista previa'],
      duplicate: ['Ya se le envió o está por enviarse este mensaje', 'Nada, o espera para repetirlo'],
    },
  },
  en: {
    headings: ['Guest', 'Name', 'Reason', 'What to do', 'Code'],
    reasons: {
      guest_opted_out: ['Asked for no messages (BAJA)', 'Nothing: only the guest can come back, by writing ALTA'],
      marketing_stopped: ['Stopped marketing in WhatsApp', 'Add an e-mail address; reminders still arrive by WhatsApp'],
      email_stopped: [
        'The address bounced, complained or unsubscribed',
        'Ask for another address or add a WhatsApp number',
      ],
      no_address_for_channel: ['Has no address for this channel', 'Add a WhatsApp number or an e-mail address'],
      template_not_approved: [
        "WhatsApp has not approved the template in the guest's language, or approved another",
        'Look at the template with WhatsApp, or send by e-mail',
      ],
      template_variable_missing: [
        'A variable of the message is missing',
        'Give the variable and ask for another preflight',
      ],
      duplicate: ['The message was sent or is about to be', 'Nothing, or wait before repeating it'],
    },
  },
}
