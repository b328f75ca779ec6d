/** The face of the domain: what guests write on WhatsApp. */
export { takeMessage } from './messages.ts'
export { eraseMessages } from './erasing.ts'
export { takePreference, type Preference } from './preferences.ts'
export { blankOldTexts } from './sql.ts'
export { KINDS, type Kind } from './kinds.ts'
export { learnRecipient, takeIdentityChange, type IdentityChange } from './user-ids.ts'
export type { InboundMessage, Incoming } from './storing.ts'
