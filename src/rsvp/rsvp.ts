/** The face of the domain: answering an invitation (answering.ts), by button or words (replies.ts, parser/). */
export { answerInvitation, isOpen, type Answered, type InvitationAnswer } from './answering.ts'
export type { AnswerKind } from '../events/events.ts'
export { answerGuest, wasPhoneAnswered } from './answers.ts'
export {
  findAnyInvited,
  findInvitedById,
  findInvitedByMessage,
  listMeantOrganizers,
  wasSentToAnother,
  type Invited,
} from './invited.ts'
export { readButton, takeReply, type Button, type ReplyContext, type Understood } from './replies.ts'
