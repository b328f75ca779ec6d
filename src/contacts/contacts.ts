/**
 * Who a person is on each channel, and whether and how they may be written to. The rule is in reach.ts; the other files
 * store the facts that it reads.
 */
export {
  findPerson,
  identifyPerson,
  isGuestPhone,
  learnAlias,
  lockPerson,
  rememberAlias,
  type Person,
  type Sender,
  type WaIdentity,
} from './aliases.ts'
export {
  adoptMarketing,
  resumeMarketing,
  stopMarketing,
  withholdMarketing,
  type StopSource,
} from './marketing-stops.ts'
export { findLatestOptOut, optIn, optOut, readOptWord, wantsOptOut, type OptWord } from './opt-outs.ts'
export { chooseChannel, CHANNELS, reachColumns, type ChannelName, type FallbackCause, type Reach } from './reach.ts'
export { markReachable, markUnreachable } from './reachability.ts'
export { isRealChannel, mayFallBackToEmail, narrowAuto } from './simulated.ts'
export { eraseEmail, erasePhone, listAliases, restoreStops } from './erasing.ts'
export { readPromotionWord } from './promotion-words.ts'
export { freeAddresses, stopAddresses, type StopReason } from './suppressions.ts'
export { markOf } from './unsubscribe.ts'
export { extendWindow, isInWindow } from './windows.ts'
