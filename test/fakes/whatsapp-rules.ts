/** The Cloud API's validation rules. Sources: Meta's reference of POST /messages and its page of error codes. */

/** An approved template. `body`: the number of positional parameters, or the names of named ones. */
export type FakeTemplate = {
  name: string
  language: string
  category?: 'utility' | 'marketing' | 'authentication'
  status?: 'approved' | 'paused' | 'disabled'
  header?: 'text' | 'image' | 'document'
  body: number | string[]
  /** The body with {{1}}, {{2}}…, which counts towards the length. Without it the list of templates shows a generated one. */
  text?: string
  /** `url`: with a variable at the end of the address; `url_static`: without. */
  buttons?: ('url' | 'url_static' | 'quick_reply')[]
}
export type Rules = { templates: FakeTemplate[]; allowLoopbackLinks: boolean }
export type Problem = { code: number; details: string }

type Json = Record<string, unknown>

const ENVELOPE = ['messaging_product', 'recipient_type', 'to', 'type', 'context', 'biz_opaque_callback_data']
const KINDS = ['text', 'template', 'interactive', 'image', 'document', 'video', 'audio', 'reaction']

/** Returns null for a message that WhatsApp accepts; the window and rate limits are not checked here. */
export function problemOfMessage(body: Json, rules: Rules): Problem | null {
  if (body['messaging_product'] !== 'whatsapp') return bad(100, 'The parameter messaging_product is required.')
  const type = body['type']
  if (typeof type !== 'string' || !KINDS.includes(type)) return bad(131051, `type ${String(type)}`)
  const unknown = Object.keys(body).find((key) => key !== type && !ENVELOPE.includes(key))
  if (unknown) return bad(100, `Unexpected key "${unknown}" on param.`)
  if ((body['recipient_type'] ?? 'individual') !== 'individual') return bad(131009, 'recipient_type')
  if (typeof body['to'] !== 'string' || !/^\+?\d{8,15}$/.test(body['to']))
    return bad(131009, 'to is not a phone number')
  const data = body['biz_opaque_callback_data']
  if (data !== undefined && !isText(data, 512)) return bad(131009, 'biz_opaque_callback_data')
  const content = body[type]
  if (!isObject(content)) return bad(131008, `${type} is required`)
  switch (type) {
    case 'text':
      return problemOfText(content)
    case 'template':
      return problemOfTemplate(content, rules)
    case 'interactive':
      return problemOfInteractive(content)
    case 'reaction':
      if (!isText(content['message_id'], 500)) return bad(131008, 'reaction.message_id')
      return onlyKeys(content, ['message_id', 'emoji'])
    default:
      return problemOfMedia(content, type, rules)
  }
}

function problemOfText(text: Json): Problem | null {
  if (!isText(text['body'], 4096)) return bad(100, 'text.body must have 1 to 4096 characters')
  return onlyKeys(text, ['body', 'preview_url'])
}

function problemOfMedia(media: Json, type: string, { allowLoopbackLinks }: Rules): Problem | null {
  const allowed = ['id', 'link', ...(type === 'audio' ? [] : ['caption']), ...(type === 'document' ? ['filename'] : [])]
  const keyProblem = onlyKeys(media, allowed)
  if (keyProblem) return keyProblem
  if ('id' in media === 'link' in media) return bad(100, `${type} needs either id or link`)
  if ('link' in media && !isReachable(media['link'], allowLoopbackLinks))
    return bad(131053, `${type}.link is not https`)
  if ('caption' in media && !isText(media['caption'], 1024)) return bad(131009, 'caption')
  if ('filename' in media && !isText(media['filename'], 240)) return bad(131009, 'filename')
  return null
}

/** Hosts that are reachable only within a network; a name without a dot is one of them. */
const PRIVATE =
  /^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[(::1|f[cd]|fe80)|[^.[]+$)|\.(local|localhost|internal)$/

/** Meta's servers fetch the link, so it must be https and public. Links on loopback are accepted when allowed. */
function isReachable(link: unknown, allowLoopback: boolean): boolean {
  if (typeof link !== 'string' || !URL.canParse(link)) return false
  const { protocol, hostname } = new URL(link)
  if (allowLoopback && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return true
  return protocol === 'https:' && !PRIVATE.test(hostname)
}

function problemOfInteractive(interactive: Json): Problem | null {
  const keyProblem = onlyKeys(interactive, ['type', 'header', 'body', 'footer', 'action'])
  if (keyProblem) return keyProblem
  const body = interactive['body']
  if (!isObject(body) || !isText(body['text'], 1024)) return bad(131009, 'interactive.body.text: 1 to 1024 characters')
  for (const part of ['header', 'footer']) {
    const { text } = (interactive[part] ?? { text: '-' }) as Json
    if (text !== undefined && !isText(text, 60)) return bad(131009, `interactive.${part}.text: 1 to 60 characters`)
  }
  const action = interactive['action']
  if (!isObject(action)) return bad(131008, 'interactive.action is required')
  if (interactive['type'] === 'button') return problemOfButtons(action)
  if (interactive['type'] === 'list') return problemOfList(action)
  return bad(131009, `interactive.type ${String(interactive['type'])}`)
}

function problemOfButtons(action: Json): Problem | null {
  const keyProblem = onlyKeys(action, ['buttons'])
  if (keyProblem) return keyProblem
  const buttons = action['buttons']
  if (!isList(buttons, 1, 3)) return bad(131009, '1 to 3 buttons')
  for (const button of buttons) {
    const reply = button['reply']
    if (button['type'] !== 'reply' || !isObject(reply)) return bad(131009, 'button.reply')
    if (!isText(reply['title'], 20)) return bad(131009, 'button title: 1 to 20 characters')
    if (!isText(reply['id'], 256)) return bad(131009, 'button id: 1 to 256 characters')
    const keyProblem = onlyKeys(reply, ['id', 'title'])
    if (keyProblem) return keyProblem
  }
  const replies = buttons.map((button) => button['reply'] as Json)
  if (hasTwins(replies, 'id') || hasTwins(replies, 'title')) return bad(131009, 'buttons must differ')
  return null
}

function problemOfList(action: Json): Problem | null {
  const keyProblem = onlyKeys(action, ['button', 'sections'])
  if (keyProblem) return keyProblem
  if (!isText(action['button'], 20)) return bad(131009, 'list button: 1 to 20 characters')
  const sections = action['sections']
  if (!isList(sections, 1, 10)) return bad(131009, '1 to 10 sections')
  const untitled = sections.length > 1 ? '' : '-'
  if (sections.some((section) => !isText(section['title'] ?? untitled, 24)))
    return bad(131009, 'section title: 1 to 24 characters, needed where there are several')
  const rows = sections.flatMap((section) => (isList(section['rows'], 1, 10) ? section['rows'] : [{}]))
  if (rows.length > 10) return bad(131009, 'at most 10 rows in all')
  for (const row of rows) {
    if (!isText(row['title'], 24)) return bad(131009, 'row title: 1 to 24 characters')
    if (!isText(row['id'], 200)) return bad(131009, 'row id: 1 to 200 characters')
    if ('description' in row && !isText(row['description'], 72))
      return bad(131009, 'row description: 1 to 72 characters')
    const keyProblem = onlyKeys(row, ['id', 'title', 'description'])
    if (keyProblem) return keyProblem
  }
  return hasTwins(rows, 'id') ? bad(131009, 'row ids must differ') : null
}

function problemOfTemplate(sent: Json, rules: Rules): Problem | null {
  const keyProblem = onlyKeys(sent, ['name', 'language', 'components'])
  if (keyProblem) return keyProblem
  const language = isObject(sent['language']) ? sent['language']['code'] : undefined
  if (!isText(sent['name'], 512) || !isText(language, 20))
    return bad(131008, 'template.name and template.language.code')
  const template = rules.templates.find((one) => one.name === sent['name'] && one.language === language)
  if (!template) return bad(132001, `template name (${sent['name']}) does not exist in ${language}`)
  if (template.status === 'paused') return bad(132015, 'template is paused')
  if (template.status === 'disabled') return bad(132016, 'template is disabled')
  const components = sent['components'] ?? []
  if (!Array.isArray(components) || !components.every(isObject)) return bad(131009, 'template.components')
  const unknown = components.find((one) => !['header', 'body', 'button'].includes(String(one['type'])))
  if (unknown) return bad(131009, `component type ${String(unknown['type'])}`)
  const of = (type: string) => components.filter((one) => one['type'] === type)
  return (
    problemOfHeader(of('header'), template, rules) ??
    problemOfBody(of('body'), template) ??
    problemOfTemplateButtons(of('button'), template)
  )
}

function problemOfHeader(headers: Json[], { header, body }: FakeTemplate, rules: Rules): Problem | null {
  if (headers.length > 1) return bad(131009, 'two headers')
  const parameters = headers.flatMap(parametersOf)
  if (parameters.length !== (header ? 1 : 0)) return bad(132000, `header: ${parameters.length} parameters`)
  const parameter = parameters[0]
  if (!header || !parameter) return null
  if (parameter['type'] !== header) return bad(132012, `header: expected ${header}`)
  const isNamed = typeof body !== 'number'
  if (header === 'text' && isNamed && !isText(parameter['parameter_name'], 100))
    return bad(132012, 'header: parameter name')
  if (header === 'text') return problemOfParameter(parameter, isNamed)
  const media = parameter[header]
  return isObject(media) ? problemOfMedia(media, header, rules) : bad(132012, `header: ${header} is missing`)
}

function problemOfBody(bodies: Json[], { body, text = '' }: FakeTemplate): Problem | null {
  if (bodies.length > 1) return bad(131009, 'two bodies')
  const parameters = bodies.flatMap(parametersOf)
  const wanted = typeof body === 'number' ? body : body.length
  if (parameters.length !== wanted) return bad(132000, `body: ${parameters.length} parameters, expected ${wanted}`)
  if (typeof body !== 'number') {
    const names = parameters.map((one) => String(one['parameter_name']))
    if (names.toSorted().join() !== body.toSorted().join()) return bad(132012, `body: parameter names ${names.join()}`)
  }
  for (const parameter of parameters) {
    const problem = problemOfParameter(parameter, typeof body !== 'number')
    if (problem) return problem
  }
  const own = text.replace(/\{\{\w+\}\}/g, '').length
  const length = parameters.reduce((sum, one) => sum + String(one['text']).length, own)
  return length > 1024 ? bad(132005, 'the hydrated text is too long') : null
}

function problemOfParameter(parameter: Json, isNamed: boolean): Problem | null {
  if (parameter['type'] !== 'text') return bad(132012, `parameter type ${String(parameter['type'])}`)
  const keyProblem = onlyKeys(parameter, isNamed ? ['type', 'text', 'parameter_name'] : ['type', 'text'])
  if (keyProblem) return keyProblem
  if (!isText(parameter['text'], 32_768)) return bad(131008, 'parameter text is required')
  if (/[\n\r\t]| {5}/.test(parameter['text'])) return bad(132018, 'new-line, tab or more than 4 spaces in a parameter')
  return null
}

function problemOfTemplateButtons(sent: Json[], { buttons = [] }: FakeTemplate): Problem | null {
  const seen = new Set<number>()
  for (const one of sent) {
    const keyProblem = onlyKeys(one, ['type', 'sub_type', 'index', 'parameters'])
    if (keyProblem) return keyProblem
    const index = Number(one['index'])
    const kind = buttons[index]
    if (!/^\d$/.test(String(one['index'])) || !kind || kind === 'url_static')
      return bad(132018, `no variable in button ${String(one['index'])}`)
    if (one['sub_type'] !== kind) return bad(132018, `button ${index} is a ${kind}`)
    if (seen.has(index)) return bad(131009, `button ${index} twice`)
    seen.add(index)
    const problem = problemOfButtonParameter(parametersOf(one), kind)
    if (problem) return problem
  }
  const missing = buttons.findIndex((kind, index) => kind === 'url' && !seen.has(index))
  return missing < 0 ? null : bad(131008, `button ${missing}: parameter is required`)
}

function problemOfButtonParameter(parameters: Json[], kind: string): Problem | null {
  const parameter = parameters[0]
  if (parameters.length !== 1 || !parameter) return bad(132000, 'a button has one parameter')
  if (kind === 'quick_reply') {
    const isFine = parameter['type'] === 'payload' && isText(parameter['payload'], 256)
    return isFine ? onlyKeys(parameter, ['type', 'payload']) : bad(132012, 'payload: 1 to 256 characters')
  }
  if (parameter['type'] !== 'text' || !isText(parameter['text'], 2000)) return bad(132012, 'url: text')
  // WhatsApp appends the text to the approved address, so a complete address would make a broken link.
  if (/\s|^https?:/.test(parameter['text'])) return bad(132018, 'url: only the end of the address')
  return onlyKeys(parameter, ['type', 'text'])
}

const bad = (code: number, details: string): Problem => ({ code, details })
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
/** Whether a text has 1 to `max` UTF-16 units; an emoji counts as two, the stricter reading. */
const isText = (value: unknown, max: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= max
const isList = (value: unknown, min: number, max: number): value is Json[] =>
  Array.isArray(value) && value.length >= min && value.length <= max && value.every(isObject)
const hasTwins = (list: Json[], key: string): boolean => new Set(list.map((one) => one[key])).size < list.length
const parametersOf = (component: Json): Json[] =>
  Array.isArray(component['parameters']) ? component['parameters'].filter(isObject) : []

function onlyKeys(object: Json, allowed: string[]): Problem | null {
  const unknown = Object.keys(object).find((key) => !allowed.includes(key))
  return unknown ? bad(100, `Unexpected key "${unknown}"`) : null
}
