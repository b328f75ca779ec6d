/**
 * THE TABLE OF KINDS: every kind of WhatsApp message and change, and what it does to the 24-hour window, the answer, the opt-out
 * and the conversation. docs/whatsapp-messages.md is generated from it, and kinds.test.ts sends an example of every row.
 *
 * Sources: Meta's webhook references (messages, smb_message_echoes, history, calls, user_preferences). Where Meta says nothing,
 * as for reactions, the row is the careful one: a window that we think open while it is closed makes a message fail.
 */
import { readPromotionWord } from '../contacts/contacts.ts'

/** `opens`: the guest's own message, counted from the provider's time. */
type Window = 'opens' | '-'
/** `read`: words and buttons decide. `asks`: the guest is asked with buttons, once. */
type Answer = 'read' | 'asks' | '-'
/** `read`: BAJA and ALTA count. `promotions`: stops or resumes promotions alone. */
type OptOut = 'read' | 'promotions' | '-'
/**
 * `guest`, `us`: shown as the words of the guest, or as ours. `past`: shown as imported. `reaction`: shown with its emoji at our
 * message. `replaces`: changes the text of an earlier message. `withdraws`: removes it. `notice`: shown by its
 * type, without words.
 */
type Thread = 'guest' | 'us' | 'past' | 'reaction' | 'replaces' | 'withdraws' | 'notice' | '-'

export type Kind = {
  name: string
  /** How it comes: the field of the change, and the type of the message. */
  comesAs: string
  window: Window
  answer: Answer
  optOut: OptOut
  thread: Thread
  note: string
}

const kind = (
  name: string,
  comesAs: string,
  [window, answer, optOut, thread]: [Window, Answer, OptOut, Thread],
  note: string,
): Kind => ({ name, comesAs, window, answer, optOut, thread, note })

export const KINDS = [
  kind('text', '`text`', ['opens', 'read', 'read', 'guest'], 'Words that may be an answer are recorded or asked back.'),
  kind(
    'button',
    '`button`, `interactive` with `button_reply` or `list_reply`',
    ['opens', 'read', 'read', 'guest'],
    'Our buttons name the invitation. A button of another message is read by its title, with less confidence.',
  ),
  kind(
    'promotions_button',
    'a tap or text that is only «Detener promociones», `Stop promotions`, «Parar promoções», or «Reanudar promociones», `Resume promotions`',
    ['opens', '-', 'promotions', 'guest'],
    'Stops what WhatsApp categorizes as marketing, of every organizer, as the switch in WhatsApp does. Everything else still arrives.',
  ),
  kind(
    'form',
    '`interactive` with `nfm_reply`, `call_permission_reply` or another shape',
    ['opens', '-', '-', 'notice'],
    'We send no forms.',
  ),
  kind(
    'media',
    '`image`, `video`, `document`',
    ['opens', 'read', 'read', 'guest'],
    'The caption is read like a text. A picture or video without one is asked back once a day.',
  ),
  kind(
    'recording',
    '`audio`, `voice`, `sticker`',
    ['opens', 'asks', '-', 'notice'],
    'Nobody listens to it here, so the guest is asked once a day.',
  ),
  kind(
    'place_or_contact',
    '`location`, `contacts`, `order`',
    ['opens', '-', '-', 'guest'],
    'Shown with the names in it. They are not the words of the guest.',
  ),
  kind(
    'forwarded',
    'any type with `context.forwarded` or `frequently_forwarded`',
    ['opens', '-', '-', 'guest'],
    "Somebody else's words, also when they say BAJA. The guest did send them, so the window opens.",
  ),
  kind(
    'reaction',
    '`reaction`',
    ['-', '-', '-', 'reaction'],
    'The last one of each person counts; one without an emoji removes it. `GET /deliveries/{deliveryId}` shows those at our message.',
  ),
  kind(
    'edit',
    '`edit`',
    ['-', 'read', 'read', 'replaces'],
    "The new text is read as the guest's newest word, at the time of the edit. One that says nothing about coming leaves the answer. A BAJA that is edited away stays until ALTA.",
  ),
  kind(
    'revoke',
    '`revoke`',
    ['-', '-', '-', 'withdraws'],
    'The text is deleted, also from its edits. The answer and the opt-out that it gave stay; the conversation shows when it was withdrawn.',
  ),
  kind(
    'system',
    '`system`',
    ['-', '-', '-', 'notice'],
    'A changed number or user id is learned. The earlier ones stay known.',
  ),
  kind('call', 'field `calls`', ['opens', '-', '-', 'notice'], "A guest's call. Our own calls open nothing."),
  kind(
    'unsupported',
    '`unsupported`, `ephemeral`, `request_welcome`, `unknown` and any type that is not in this table',
    ['-', '-', '-', 'notice'],
    'A window that we think open while it is closed makes a message fail, so it opens none.',
  ),
  kind('group', 'any type with `group_id`', ['-', '-', '-', 'guest'], 'Written to a group, not to us.'),
  kind(
    'echo',
    'fields `smb_message_echoes` and `message_echoes`; a message from our own number',
    ['-', '-', '-', 'us'],
    'What a person of ours wrote in WhatsApp itself. Its edits and withdrawals change our text.',
  ),
  kind(
    'history',
    'field `history`',
    ['opens', '-', '-', 'past'],
    "Imported words of the past. The guest's open the window only if they are less than 24 hours old.",
  ),
  kind(
    'status',
    '`statuses`: `sent`, `delivered`, `read`, `played`, `failed`',
    ['-', '-', '-', '-'],
    'Of our messages. It may teach which user id belongs to the number. Other statuses are ignored.',
  ),
  kind(
    'preference',
    'field `user_preferences`',
    ['-', '-', 'promotions', '-'],
    'The switch in WhatsApp. One from a user id that we do not know yet counts once we do.',
  ),
  kind('user_id_update', 'field `user_id_update`', ['-', '-', '-', '-'], 'A changed user id is learned.'),
  kind(
    'app_state',
    'field `smb_app_state_sync`',
    ['-', '-', '-', '-'],
    "Our own address book. Ignored: guests' names come from their organizer.",
  ),
  kind(
    'template_status',
    'field `message_template_status_update`',
    ['-', '-', '-', '-'],
    'Says whether a template may be sent.',
  ),
  kind(
    'limit',
    'fields `business_capability_update` and `phone_number_quality_update`',
    ['-', '-', '-', '-'],
    'Says how many people we may write to in 24 hours.',
  ),
  kind('other', 'any other field', ['-', '-', '-', '-'], 'Ignored and counted.'),
] as const satisfies readonly Kind[]

const BY_NAME = new Map<string, Kind>(KINDS.map((one) => [one.name, one]))
const named = (name: (typeof KINDS)[number]['name']): Kind => BY_NAME.get(name)!

const BY_TYPE = new Map<string, Kind>([
  ['text', named('text')],
  ['button', named('button')],
  ...['image', 'video', 'document'].map((type) => [type, named('media')] as const),
  ...['audio', 'voice', 'sticker'].map((type) => [type, named('recording')] as const),
  ...['location', 'contacts', 'order'].map((type) => [type, named('place_or_contact')] as const),
  ...['reaction', 'edit', 'revoke', 'system', 'call'].map((type) => [type, BY_NAME.get(type)!] as const),
])

type Described = {
  type: string
  direction: 'in' | 'out'
  origin: 'live' | 'forwarded' | 'history'
  text: string | null
  payload?: string | null
}

export const isGroup = ({ type }: { type: string }): boolean => type.startsWith('group_')

/** The row of a message. */
export function kindOf(message: Described): Kind {
  const { type, direction, origin, text, payload } = message
  if (direction === 'out') return named('echo')
  if (origin === 'history') return named('history')
  if (isGroup(message)) return named('group')
  const found = type === 'interactive' ? named(text === null && !payload ? 'form' : 'button') : BY_TYPE.get(type)
  if (found === undefined) return named('unsupported')
  // A reaction, an edit or a call is not forwarded, whatever its context says.
  if (origin === 'forwarded' && found.thread === 'guest') return named('forwarded')
  return found.optOut === 'read' && readPromotion({ text, payload }) !== null && type !== 'edit'
    ? named('promotions_button')
    : found
}

/** Whether a tap or a text stops or resumes promotions. The button's label counts, whatever payload it has. */
export const readPromotion = ({ text, payload }: Pick<Described, 'text' | 'payload'>) =>
  readPromotionWord(text ?? '') ?? readPromotionWord(payload ?? '')
