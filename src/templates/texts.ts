/** The shape of the texts that texts-es-mx.ts and texts-en.ts fill. */
export type TemplateName =
  | 'event_invitation'
  | 'event_reminder'
  | 'event_update'
  | 'event_thanks'
  | 'rsvp_confirmed'
  | 'rsvp_question'
  | 'rsvp_full'
  | 'event_question'
  | 'event_over'
  | 'opt_out_help'
  | 'opt_out_confirmed'
  | 'opt_in_confirmed'

/** Placeholders are {{variable}}. WhatsApp refuses a body that begins or ends with one. */
export type Texts = {
  /** WhatsApp's body, approved or inside the window. */
  body: string
  /** Title of the button that opens the invitation, 20 characters at most; none: the message has no link. */
  link?: string
  /** None: the message is an answer on WhatsApp and does not exist as an e-mail. */
  email?: { subject: string; preheader: string; paragraphs: string[] }
}
export type Words = {
  texts: Record<TemplateName, Texts>
  /** Titles of buttons, 20 characters at most. */
  replies: { yes: string; no: string; choose: string }
  fallbacks: { guest_name: string; event_location: string; organizer_name: string }
  /** For luxon. */
  dateFormat: string
  email: { when: string; where: string; pass: string; why: string; unsubscribe: string }
}
