/** Is sending healthy, and what is stuck? */
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { $api, isProblem, type Schemas } from '../../api/client.ts'
import { BY_CURSOR, rowsOf } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { Choice } from '../../kit/Field.tsx'
import { GoTo } from '../../kit/GoTo.tsx'
import { Head } from '../../kit/Head.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Panel } from '../../kit/Panel.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { Age } from '../../kit/Time.tsx'
import { oneOf, useUrl } from '../../kit/url.ts'
import { formatNumber } from '../../words/formats.ts'
import { LOCALE } from '../../words/locale.ts'
import { CHANNELS } from '../../words/states.ts'
import { OrganizerChoice } from '../shared/FilterBar.tsx'
import { LETTER_KINDS, RESOLUTIONS } from '../shared/words.ts'
import { Channels } from './Channels.tsx'
import { WORDS } from './words.ts'

type Letter = Schemas['DeadLetter']
type Filter = Schemas['DeadLetterFilter']
type Step = 'retry' | 'discard'
type Url = { kind?: string; channel?: string; organizerId?: string; closed?: string }

const ANY = 'any'
const KINDS = ['delivery', 'inbound_event', 'job'] as const
const CHANNEL_IDS = ['whatsapp', 'email'] as const
const withAny = (ids: readonly string[], names: Record<string, string>) => [
  { id: ANY, label: WORDS.any },
  ...ids.map((id) => ({ id, label: names[id]! })),
]

export function MessagesPage() {
  const [url, change] = useUrl<Url>()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  /** What is asked about, of the letters that were chosen then. */
  const [asked, setAsked] = useState<{ step: Step; ids: string[] }>()
  const kind = oneOf(KINDS, url.kind)
  const channel = oneOf(CHANNEL_IDS, url.channel)
  const { organizerId } = url
  const filter: Filter = {
    ...(kind ? { kind } : {}),
    ...(channel ? { channel } : {}),
    ...(organizerId ? { organizerId } : {}),
  }
  const resolved = url.closed !== undefined
  const letters = $api.useInfiniteQuery(
    'get',
    '/ops/dead-letters',
    { params: { query: { ...filter, resolved } } },
    BY_CURSOR,
  )
  const select = (part: Url) => {
    setChosen(new Set())
    change(part)
  }
  const rows = rowsOf<Letter>(letters.data)
  // Somebody else may close one that is chosen: it leaves the list.
  const ids = rows.map(({ id }) => id).filter((id) => chosen.has(id))
  const isEmpty = letters.data?.pages[0]?.data.length === 0
  // Known once the last page is there.
  const count = !letters.data || letters.hasNextPage ? null : rows.length
  return (
    <>
      <Head title={WORDS.title}>
        <GoTo to="/messages/whatsapp">{WORDS.cost}</GoTo>
      </Head>
      <Panel title={WORDS.channels}>
        <Channels />
      </Panel>
      <Panel title={WORDS.letters}>
        <Row>
          <Choice
            label={WORDS.which}
            value={resolved ? 'closed' : 'open'}
            options={[
              { id: 'open', label: WORDS.open },
              { id: 'closed', label: WORDS.closed },
            ]}
            onChange={(id) => select({ closed: id === 'closed' ? 'yes' : undefined })}
          />
          <Choice
            label={WORDS.kind}
            value={kind ?? ANY}
            options={withAny(KINDS, LETTER_KINDS)}
            onChange={(id) => select({ kind: id === ANY ? undefined : id })}
          />
          <Choice
            label={WORDS.channel}
            value={channel ?? ANY}
            options={withAny(CHANNEL_IDS, CHANNELS)}
            onChange={(id) => select({ channel: id === ANY ? undefined : id })}
          />
          <OrganizerChoice value={organizerId} onChange={(id) => select({ organizerId: id })} />
        </Row>
        {resolved || isEmpty ? null : (
          <Row>
            <Button onPress={() => setAsked({ step: 'retry', ids })}>
              {ids.length > 0 ? WORDS.retry(ids.length) : WORDS.retryAll(count)}
            </Button>
            <Button look="danger" onPress={() => setAsked({ step: 'discard', ids })}>
              {ids.length > 0 ? WORDS.discard(ids.length) : WORDS.discardAll(count)}
            </Button>
          </Row>
        )}
        <PagedTable<Letter>
          pages={letters}
          label={WORDS.letters}
          idOf={({ id }) => id}
          empty={WORDS.none}
          {...(resolved ? {} : { selected: new Set(ids), onSelect: setChosen })}
          columns={[
            { id: 'who', title: WORDS.who, cell: nameLetter },
            { id: 'why', title: WORDS.why, cell: ({ explanation, reason }) => explanation?.[LOCALE] ?? reason },
            { id: 'tries', title: WORDS.tries, isNumber: true, cell: ({ attempts }) => formatNumber(attempts) },
            { id: 'since', title: WORDS.since, cell: ({ lastAt }) => <Age at={lastAt} /> },
            ...(resolved
              ? [
                  {
                    id: 'outcome',
                    title: WORDS.outcome,
                    cell: ({ resolution }: Letter) => RESOLUTIONS[resolution ?? ''] ?? resolution ?? '—',
                  },
                ]
              : []),
          ]}
        />
      </Panel>
      {asked ? (
        <Act
          {...asked}
          filter={filter}
          count={count}
          onDone={() => setChosen(new Set())}
          onClose={() => setAsked(undefined)}
        />
      ) : null}
    </>
  )
}

const nameLetter = ({ kind, refId, delivery, inboundEvent }: Letter): string => {
  if (delivery) return `${delivery.guestName}, ${delivery.eventName} (${CHANNELS[delivery.channel]})`
  return `${LETTER_KINDS[kind]}: ${inboundEvent?.source ?? refId}`
}

type ActProps = {
  step: Step
  ids: string[]
  filter: Filter
  count: number | null
  onDone: () => void
  onClose: () => void
}

/** Retries or discards the chosen letters, or all that the filter shows when none is chosen. */
function Act({ step, ids, filter, count, onDone, onClose }: ActProps) {
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const retryOne = $api.useMutation('post', '/ops/dead-letters/{letterId}/retry', { onSettled: settle })
  const discardOne = $api.useMutation('post', '/ops/dead-letters/{letterId}/discard', { onSettled: settle })
  const retryAll = $api.useMutation('post', '/ops/dead-letters/retry', { onSettled: settle })
  const discardAll = $api.useMutation('post', '/ops/dead-letters/discard', { onSettled: settle })
  const isRetry = step === 'retry'
  const one = isRetry ? retryOne : discardOne
  const actOnAll = async (): Promise<number> =>
    isRetry
      ? (await retryAll.mutateAsync({ params: { header }, body: { filter } })).retried
      : (await discardAll.mutateAsync({ params: { header }, body: { filter } })).discarded
  const run = async () => {
    let done = 0
    for (const letterId of ids) {
      const key = { 'Idempotency-Key': `${header['Idempotency-Key']}-${letterId}` }
      try {
        await one.mutateAsync({ params: { path: { letterId }, header: key }, body: {} })
        done++
      } catch (error) {
        // Somebody else has dealt with it meanwhile.
        if (!isProblem(error) || error.code !== 'dead_letter_resolved') throw error
      }
    }
    const changed = ids.length > 0 ? done : await actOnAll()
    say(isRetry ? WORDS.retried(changed) : WORDS.discarded(changed))
    onDone()
    await queries.invalidateQueries()
  }
  const all = isRetry ? WORDS.retryAll(count) : WORDS.discardAll(count)
  const some = isRetry ? WORDS.retry(ids.length) : WORDS.discard(ids.length)
  const verb = ids.length > 0 ? some : all
  return (
    <Confirm title={verb} verb={verb} look={isRetry ? 'main' : 'danger'} run={run} onClose={onClose}>
      {isRetry ? WORDS.retryText : WORDS.discardText}
    </Confirm>
  )
}
