/** What narrows the list of guests. All of it lives in the URL. */
import { useEffect, useState } from 'react'
import { Choice } from '../../kit/Field.tsx'
import { Row } from '../../kit/Row.tsx'
import { SearchField } from '../../kit/SearchField.tsx'
import { useUrl } from '../../kit/url.ts'
import { ANSWERS, DELIVERY_STATES, GUEST_STATES, type Answer, type DeliveryState } from '../../words/states.ts'
import type { GuestFilters, GuestsSearch } from './guests.ts'
import { WORDS } from './words.ts'

/** A pause in typing, after which the list is asked for. */
const PAUSE_MS = 250

export function Filters() {
  const [{ status, answer, deliveryStatus, q, tag }, setUrl] = useUrl<GuestsSearch>()
  return (
    <Row>
      <Typed label={WORDS.search} value={q} onChange={(q) => setUrl({ q })} isWide />
      <Choice
        label={WORDS.status}
        value={stateOf(status, answer)}
        options={STATES}
        onChange={(id) => setUrl(filterOf(id))}
      />
      <Choice
        label={WORDS.delivery}
        value={deliveryStatus ?? 'all'}
        options={DELIVERIES}
        onChange={(id) => setUrl({ deliveryStatus: id === 'all' ? undefined : id })}
      />
      <Typed label={WORDS.tag} value={tag} onChange={(tag) => setUrl({ tag })} />
    </Row>
  )
}

type State = 'all' | 'scanned' | Answer

const STATES: { id: State; label: string }[] = [
  { id: 'all', label: WORDS.all },
  ...(Object.keys(ANSWERS) as Answer[]).map((id) => ({ id, label: ANSWERS[id].text })),
  { id: 'scanned', label: GUEST_STATES.scanned.text },
]
const DELIVERIES: { id: DeliveryState | 'none' | 'all'; label: string }[] = [
  { id: 'all', label: WORDS.all },
  { id: 'none', label: WORDS.notSent },
  ...(Object.keys(DELIVERY_STATES) as DeliveryState[]).map((id) => ({ id, label: DELIVERY_STATES[id].text })),
]

/** One choice for two filters of the API: where a guest is, and what they answered. */
function stateOf(status: GuestFilters['status'], answer: GuestFilters['answer']): State {
  if (answer) return answer
  if (status === 'confirmed') return 'yes'
  if (status === 'declined') return 'no'
  return status ?? 'all'
}

const filterOf = (id: State): GuestFilters => ({
  status: id === 'scanned' ? 'scanned' : undefined,
  answer: id === 'scanned' || id === 'all' ? undefined : id,
})

type TypedProps = { label: string; value: string | undefined; onChange: (value?: string) => void; isWide?: boolean }

/** A text that filters after a pause in typing. */
function Typed({ label, value = '', onChange, isWide = false }: TypedProps) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return undefined
    const timer = setTimeout(() => onChange(text || undefined), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return <SearchField label={label} value={text} onChange={setText} isWide={isWide} />
}
