/** What was sent, and how far is it? */
import { useNavigate } from '@tanstack/react-router'
import { $api } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { GoTo } from '../../kit/GoTo.tsx'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Row } from '../../kit/Row.tsx'
import { useMayEdit } from '../../kit/session.ts'
import { Empty } from '../../kit/State.tsx'
import { Status, type Tone } from '../../kit/Status.tsx'
import { useNowMs, When } from '../../kit/Time.tsx'
import { formatNumber } from '../../words/formats.ts'
import { nameTemplate } from '../../words/templates.ts'
import { useEventPath, useZone } from '../shared/event.ts'
import type { Campaign } from './sends.ts'
import { WORDS } from './words.ts'

const OFTEN_MS = 5000

export function SendsPage() {
  const path = useEventPath()
  const navigate = useNavigate()
  const mayEdit = useMayEdit()
  const zone = useZone()
  const base = `/events/${path.eventId}/sends`
  const options = { ...BY_CURSOR, refetchInterval: OFTEN_MS }
  const campaigns = $api.useInfiniteQuery('get', '/events/{eventId}/campaigns', { params: { path } }, options)
  const newSend = mayEdit ? (
    <GoTo look="main" to={`${base}/new`}>
      {WORDS.new}
    </GoTo>
  ) : null
  return (
    <>
      <Row isApart>
        <h1>{WORDS.title}</h1>
        {newSend}
      </Row>
      <PagedTable
        pages={campaigns}
        label={WORDS.title}
        idOf={({ id }) => id}
        onOpen={(id) => void navigate({ to: `${base}/${id}` })}
        empty={<Empty>{WORDS.none}</Empty>}
        columns={[
          { id: 'name', title: WORDS.columns.name, cell: ({ name, template }) => name ?? nameTemplate(template) },
          { id: 'status', title: WORDS.columns.status, cell: (one) => <SendState campaign={one} /> },
          {
            id: 'when',
            title: WORDS.columns.when,
            cell: (one) => <When at={one.scheduledAt ?? one.createdAt} {...zone} />,
          },
          numbers('total'),
          numbers('read'),
          numbers('failed'),
        ]}
      />
    </>
  )
}

const numbers = (id: 'total' | 'read' | 'failed') => ({
  ...{ id, title: WORDS.columns[id], isNumber: true },
  cell: ({ progress }: Campaign) => formatNumber(progress[id]),
})

const TONES: Record<Campaign['status'], Tone> = {
  ...{ scheduled: 'info', running: 'info', paused: 'warn', completed: 'ok', cancelled: 'none', missed: 'bad' },
}

/** A campaign whose time has not come is not sending, whatever the API calls it. */
export function SendState({ campaign: { status, scheduledAt } }: { campaign: Campaign }) {
  const nowMs = useNowMs()
  const isAhead = status === 'running' && scheduledAt !== null && Date.parse(scheduledAt) > nowMs
  const shown = isAhead ? 'scheduled' : status
  return <Status tone={TONES[shown]}>{WORDS.states[shown]}</Status>
}
