/** POST /_fake/<method>: calls a fake payment provider's method by hand. */
import { parseJson, type Asked, type Reply } from './http.ts'

/** The arguments after the id that are not in an object of options. */
const POSITIONAL: Record<string, string[]> = {
  confirmOxxo: ['days'],
  partiallyFund: ['amount'],
  cancel: ['reason'],
  refund: ['amount'],
  failRefund: ['reason'],
  closeDispute: ['outcome'],
  closeChargeback: ['outcome'],
}

/** The body has `id` and the method's other arguments by name; the answer is the changed object. */
export function callControl(methods: Record<string, (...args: never[]) => object>, { path, body }: Asked): Reply {
  const name = path.replace(/^\/_fake\//, '')
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  const given = parseJson(body)
  if (!method || !given)
    return {
      status: 404,
      json: { fake: 'POST a JSON object', paths: Object.keys(methods).map((one) => `/_fake/${one}`) },
    }
  const { id, ...options } = given
  try {
    const args = [id, ...(POSITIONAL[name] ?? []).map((one) => options[one]), options] as never[]
    return { status: 200, json: method(...args) }
  } catch (error) {
    return { status: 400, json: { fake: String(error) } }
  }
}
