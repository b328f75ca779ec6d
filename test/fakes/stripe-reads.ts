/** The reading half of the fake Stripe: retrieve, list, search and expand. */
import type { Asked } from './http.ts'
import type { Account } from './stripe-intents.ts'
import type { Params } from './stripe-objects.ts'
import { checkNames, missing, noSuch, readInteger, Refusal } from './stripe-rules.ts'

type Json = Record<string, unknown>
export type Stored = { id: string; object: string; created: number }
type Page = { object: string; url: string; has_more: boolean; data: Stored[] }

export function openReads(account: Account, { history, searchLagMs }: { history: Stored[]; searchLagMs: number }) {
  const collections: Record<string, () => Stored[]> = {
    customers: () => [...account.customers.values()],
    payment_intents: () => [...account.intents.values()],
    charges: () => [...account.charges.values()],
    refunds: () => [...account.refunds.values()],
    disputes: () => [...account.disputes.values()],
    balance_transactions: () => [...account.transactions.values()],
    events: () => history,
  }
  const find = (id: string) =>
    Object.values(collections)
      .flatMap((items) => items())
      .find((one) => one.id === id)
  const isSearchable = ({ created }: Stored) => created + Math.ceil(searchLagMs / 1000) <= account.seconds()

  return ({ path, query }: Asked): object => {
    const params = Object.fromEntries(query)
    const [, collection = '', id] = /^\/v1\/([a-z_]+)(?:\/([^/]+))?$/.exec(path) ?? []
    const items = collections[collection]
    if (!items) throw new Refusal(`Unrecognized request URL (GET: ${path}).`, { status: 404 })
    const isSearch = collection === 'payment_intents' && id === 'search'
    const isList = id === undefined
    checkNames(isSearch ? 'GET payment_intents/search' : isList ? `GET ${collection}` : 'GET one', params, isList)
    if (isSearch) return expand(searchIntents(items().filter(isSearchable), params), params, find)
    if (isList) return expand(listPage(items(), params, collection), params, find)
    const one = items().find((item) => item.id === id)
    if (!one) throw noSuch(collection.replace(/s$/, ''), id, collection === 'payment_intents' ? 'intent' : 'id', 404)
    return expand(one, params, find)
  }
}

/** GET /v1/<collection>: the newest first. */
function listPage(items: Stored[], params: Params, collection: string): Page {
  const filters = Object.entries(params).filter(([name]) => /^(?!limit|starting_|ending_|expand)/.test(name))
  const matching = items.filter((item) => filters.every(([name, value]) => isMatch(item, name, value))).toReversed()
  const limit = params['limit'] === undefined ? 10 : readInteger(params, 'limit', [1, 100])
  const indexOf = (param: string) => {
    const index = matching.findIndex(({ id }) => id === params[param])
    if (index < 0) throw noSuch(collection, String(params[param]), param)
    return index
  }
  const page = { object: 'list', url: `/v1/${collection}` }
  if (params['ending_before'] !== undefined) {
    const before = matching.slice(0, indexOf('ending_before'))
    return { ...page, has_more: before.length > limit, data: before.slice(-limit) }
  }
  const from = params['starting_after'] === undefined ? 0 : indexOf('starting_after') + 1
  return { ...page, has_more: matching.length > from + limit, data: matching.slice(from, from + limit) }
}

function isMatch(item: Stored, name: string, value: string): boolean {
  switch (name) {
    case 'created':
      return item.created === Number(value)
    case 'created[gt]':
      return item.created > Number(value)
    case 'created[gte]':
      return item.created >= Number(value)
    case 'created[lt]':
      return item.created < Number(value)
    case 'created[lte]':
      return item.created <= Number(value)
    default:
      return (item as unknown as Json)[name] === value
  }
}

/** GET /v1/payment_intents/search: clauses of metadata, status and currency, joined by AND. */
function searchIntents(items: Stored[], params: Params): Json {
  const query = params['query']
  if (query === undefined) throw missing('query')
  const limit = params['limit'] === undefined ? 10 : readInteger(params, 'limit', [1, 100])
  const clauses = query.split(/\s+AND\s+/).map(readClause)
  const found = items.filter((item) => clauses.every((holds) => holds(item as unknown as Json))).toReversed()
  const from = Number(params['page'] ?? 0)
  const hasMore = found.length > from + limit
  return {
    object: 'search_result',
    url: '/v1/payment_intents/search',
    has_more: hasMore,
    next_page: hasMore ? String(from + limit) : null,
    data: found.slice(from, from + limit),
  }
}

function readClause(text: string): (item: Json) => boolean {
  const clause = /^(metadata\[(['"])(.+)\2\]|status|currency|customer):(['"])(.*)\4$/.exec(text.trim())
  if (!clause)
    throw new Refusal(
      'We were unable to parse your search query. Please try using the format `metadata["key"]:"value"`.',
    )
  const [, field = '', , key, , value] = clause
  if (key === undefined) return (item) => item[field] === value
  return (item) => (item['metadata'] as Json | undefined)?.[key] === value
}

/** Puts objects in the place of their ids: `expand[]=latest_charge.balance_transaction`. */
function expand(object: object, params: Params, find: (id: string) => object | undefined): object {
  const copy = structuredClone(object)
  for (const [name, path] of Object.entries(params))
    if (name.startsWith('expand[')) expandPath(copy as Json, path.split('.'), find)
  return copy
}

function expandPath(at: Json, [key = '', ...rest]: string[], find: (id: string) => object | undefined): void {
  const value = at[key]
  if (value === undefined) throw new Refusal(`This property cannot be expanded (${key}).`, { param: 'expand' })
  if (Array.isArray(value)) return value.forEach((one) => expandPath(one as Json, rest, find))
  const found = typeof value === 'string' ? find(value) : undefined
  if (found) at[key] = structuredClone(found)
  const next = at[key]
  if (rest.length > 0 && typeof next === 'object' && next !== null) expandPath(next as Json, rest, find)
}
