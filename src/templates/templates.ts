/** The face of the domain: the catalog of templates, their status at WhatsApp, and how a message is composed. */
export {
  findRequestable,
  findTemplate,
  languageOf,
  listTemplates,
  refuseUnknownVariables,
  variablesOf,
  WORDS,
  type Template,
} from './catalog.ts'
export { renderHtml, renderText, type Letter } from './layout.ts'
export { composeMessage } from './message.ts'
export { previewTemplate, type Preview } from './preview.ts'
export { ByLocale, ShownMessage, TemplateStatuses } from './schemas.ts'
export { isRefused, listTemplateStatuses, rememberTemplateStatuses, type TemplateStatus } from './statuses.ts'
export type { TemplateName } from './texts.ts'
export {
  isEarlyFor,
  isLateFor,
  isOverFor,
  quietUntil,
  readSchedule,
  refuseClosed,
  refuseDraft,
  refuseUntimely,
  SENT_WHEN_CANCELLED,
  whyClosed,
} from './timing.ts'
