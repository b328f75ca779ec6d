/** BAJA and ALTA: a guest opts out of an organizer's messages, or opts in again. */
import { sql, type Tx } from '../platform/db.ts'
import { foldWords } from '../platform/values/text.ts'

export type OptWord = 'opt_out' | 'opt_in'

const OPT_OUT = /^(baja|stop|stop ?all|alto|cancelar suscripcion|unsubscribe|opt ?out)$/
const OPT_IN = /^(alta|start)$/

/** Requests to stop messages. «No pude, me di de baja del gym» is not one. */
const WANTS_OUT = new RegExp(
  `\\b(?:${[
    '(?:dar|darme|darnos|dame|danos|denme|dennos|den) de (?:la )?baja',
    'me (?:das|dan|puedes dar|pueden dar|podrian dar) de baja',
    'quiero (?:la |mi |darme de )?baja',
    'me doy de baja(?! del )',
    '(?:ya )?no (?:me|nos) (?:escriban?|escribas|manden?|mandes|envien?|envies|molesten?|molestes|contacten?)',
    '(?:ya )?no (?:quiero|queremos|deseo) (?:mas |recibir |que me (?:escriban|manden|envien) )+(?:mensajes|nada|avisos)?',
    'no (?:quiero|queremos|deseo) (?:sus |tus |los |estos |recibir )*(?:mensajes|avisos|whatsapps?|publicidad|spam)',
    'deja(?:r|n)? de (?:escribir|mandar|enviar|molestar)(?:me|nos)?',
    'dejen de (?:escribir|mandar|enviar|molestar)(?:me|nos)?',
    'dejen(?:me|nos) en paz',
    '(?:quita|quiten|saca|saquen|borra|borren|elimina|eliminen)(?:me|nos) de (?:la|su|tu|esta) lista(?! de invitados)',
    '(?:please )?stop (?:please|it|(?:the |these |all |your )?messages?|sending|messaging|texting|writing|contacting)',
    'please stop',
    '(?:do not|dont) (?:message|text|write|contact) (?:me|us)',
    '(?:remove|take) (?:me|us) (?:off|from)',
    'unsubscribe (?:me|us|please)|please unsubscribe|(?:want|like) to unsubscribe',
  ].join('|')})\\b`,
)
/** The word with filler words around it, or repeated. */
const WORD_WITH_FILLER =
  /^(?:(?:hola|por favor|porfa|porfavor|gracias|muchas gracias|si|no|quiero|please|ya|buen dia|buenas tardes|buenos dias) )*(?:(?:baja|stop|alto|cancelar suscripcion|unsubscribe) ?)+(?:por favor|porfa|porfavor|gracias|muchas gracias|please|ya|thanks|thank you| )*$/

/** Whether a text asks for no more messages without being an opt-out word; the guest then gets the word to send. */
export function wantsOptOut(text: string): boolean {
  if (text.length > 300 || readOptWord(text)) return false
  const plain = simplify(text.replace(/[’'´`‘]/g, ''))
  return WANTS_OUT.test(plain) || WORD_WITH_FILLER.test(plain)
}

/** Plain lower-case words. Letters that are spelled one by one are a word: «B A J A», «S.T.O.P.». */
function simplify(text: string): string {
  const words = foldWords(text)
  return /^\p{L}(?: \p{L}){2,}$/u.test(words) ? words.replaceAll(' ', '') : words
}

/** Reads a message that consists only of the word, because in a sentence it means something else. */
export function readOptWord(text: string): OptWord | null {
  if (text.length > 100) return null
  const plain = simplify(text)
  return OPT_OUT.test(plain) ? 'opt_out' : OPT_IN.test(plain) ? 'opt_in' : null
}

/** Returns the organizers that the person had not opted out of before. */
export async function optOut(
  tx: Tx,
  o: { organizerIds: string[]; phones: string[]; at: Date; messageId: string },
): Promise<string[]> {
  const { rows } = await sql<{ organizerId: string }>`
    insert into opt_outs (organizer_id, phone, opted_out_at, message_id)
    select organizer_id, phone, ${o.at}, ${o.messageId}
      from unnest(${o.organizerIds}::text[]) organizer_id, unnest(${o.phones}::text[]) phone
     order by organizer_id, phone
    on conflict (organizer_id, phone) do nothing
    returning organizer_id`.execute(tx)
  return [...new Set(rows.map(({ organizerId }) => organizerId))]
}

/** Removes opt-outs up to `at` and returns their organizers. A later opt-out stays. */
export async function optIn(tx: Tx, o: { organizerIds: string[]; phones: string[]; at: Date }): Promise<string[]> {
  const { rows } = await sql<{ organizerId: string }>`
    delete from opt_outs
     where organizer_id = any(${o.organizerIds}::text[])
       and phone = any(${o.phones}::text[])
       and opted_out_at <= ${o.at}
    returning organizer_id`.execute(tx)
  return [...new Set(rows.map(({ organizerId }) => organizerId))]
}

/** Returns the organizer of this person's latest opt-out up to `at`. */
export async function findLatestOptOut(tx: Tx, phones: string[], at: Date): Promise<string | null> {
  const { rows } = await sql<{ organizerId: string }>`
    select organizer_id from opt_outs
     where phone = any(${phones}::text[])
       and opted_out_at <= ${at}
     order by opted_out_at desc, organizer_id
     limit 1`.execute(tx)
  return rows[0]?.organizerId ?? null
}
