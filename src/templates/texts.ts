/** The shape of the texts that texts-es-mx.ts and texts-en.ts fill. */
export type TemplateName =
  | 'event_invitation'
  | 'event_reminder'
  | 'event_update'
  | 'event_thanks'
  | 'event_cancelled'
  | 'rsvp_confirmed'
  | 'waitlist_place'
  | 'rsvp_question'
  | 'rsvp_full'
  | 'event_question'
  | 'event_over'
  | 'opt_out_help'
  | 'opt_out_confirmed'
  | 'opt_in_confirmed'
  | 'personal_reply'

/** Placeholders are {{variable}}. WhatsApp refuses a body that begins or ends with one. */
export type Texts = {
  /** The body on WhatsApp, of the approved template and inside the window. */
  body: string
  /** The title of the button that opens the invitation, 20 characters at most. Absent: the message has no link. */
  link?: string
  /** Absent: the message is a reply that exists on WhatsApp only. */
  email?: { subject: string; preheader: string; paragraphs: string[] }
}
export type Words = {
  texts: Record<TemplateName, Texts>
  /** Titles of buttons, 20 characters at most. */
  replies: { yes: string; no: string; choose: string }
  fallbacks: { guest_name: string; event_location: string; organizer_name: string }
  /** A date format of luxon. */
  dateFormat: string
  email: { when: string; where: string; pass: string; why: string; unsubscribe: string }
}
