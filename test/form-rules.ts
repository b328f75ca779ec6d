/** A rule of web/: a form checks what it sends with the generated schema of the call (web/api/bodies.ts) before it asks. */

type Operation = { operationId: string }
type Document = { paths: Record<string, Record<string, Operation>> }

/**
 * Calls whose body nobody types: of a button, of a choice between what the API has listed, or of a page that has checked it. A
 * body of one of these that gets a field belongs no longer here.
 */
const UNTYPED = new Set([
  'web/organizer/conversations/Assignee.tsx assignConversation',
  'web/organizer/shared/Message.tsx previewTemplate',
  'web/organizer/shared/preflight.ts launchCampaign', // NewSendPage.tsx has checked it
  'web/organizer/event/LifeDialogs.tsx updateEvent',
  'web/organizer/team/PersonActions.tsx updateUser',
  'web/panel/messages/MessagesPage.tsx discardDeadLetters',
  'web/panel/messages/MessagesPage.tsx retryDeadLetters',
  'web/panel/users/UsersPage.tsx updateUser',
])

const CALLS = /\bapi\s*\.(POST|PUT|PATCH)\(\s*'([^']+)'|\buseMutation\(\s*'(post|put|patch)',\s*'([^']+)'/g

/**
 * The calls of the panel and the organizer's pages that send a body which their file does not check, a line each; also what
 * UNTYPED names in vain. It compares names: it does not see whether the check comes before the call or looks at the same body,
 * and it takes a file whose bodies are all empty for one of buttons.
 */
export function checkForms(files: Map<string, string>, openapi: Document, bodies: string): string[] {
  const used = new Set<string>()
  const unchecked = [...files].flatMap(([path, text]) => {
    if (!/^web\/(panel|organizer)\//.test(path) || !sendsBody(text)) return []
    return [...text.matchAll(CALLS)].flatMap((call) => {
      const method = (call[1] ?? call[3])!.toLowerCase()
      const id = openapi.paths[(call[2] ?? call[4])!]![method]!.operationId
      if (!takesFields(bodies, id) || new RegExp(`checkBody\\([^)]*\\b${id}Body\\b`).test(text)) return []
      used.add(`${path} ${id}`)
      return UNTYPED.has(`${path} ${id}`) ? [] : [`${path}: sends the body of ${id} unchecked`]
    })
  })
  const inVain = [...UNTYPED].filter((one) => files.has(one.split(' ')[0]!) && !used.has(one))
  return [...unchecked, ...inVain.map((one) => `${one}: needs no exception`)]
}

const sendsBody = (text: string): boolean => /\bbody(?!: \{\}|\w)/.test(text)

const takesFields = (bodies: string, id: string): boolean =>
  new RegExp(`^export const ${id}Body = (?!\\{"type":"object","properties":\\{\\},)`, 'm').test(bodies)
