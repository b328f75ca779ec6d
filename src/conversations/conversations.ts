/** What guests write on WhatsApp: stored once, with the window it opens, and handed to whoever understands it. */
export { takeMessage } from './messages.ts'
export { takePreference, type Preference } from './preferences.ts'
export { blankOldTexts } from './sql.ts'
export { learnRecipient } from './user-ids.ts'
export type { InboundMessage, Incoming } from './storing.ts'
