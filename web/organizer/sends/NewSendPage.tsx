/** Who gets what, at what cost? Nothing is sent before the last button. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { launchCampaignBody } from '../../api/bodies.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { checkBody } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { say } from '../../kit/say.ts'
import { Loaded } from '../../kit/State.tsx'
import { useUrl } from '../../kit/url.ts'
import { formatNumber } from '../../words/formats.ts'
import { looksChanged } from '../shared/changed.ts'
import { useEvent, type Event } from '../shared/event.ts'
import { checkSend, type Preflight, type SendRequest } from '../shared/preflight.ts'
import { Check } from './Check.tsx'
import { DraftForm } from './DraftForm.tsx'
import { Preview } from './Preview.tsx'
import styles from './sends.module.css'
import { requestOf, type Draft } from './draft.ts'
import { lackOf } from './lack.ts'
import { isSame, usePreflight } from './sends.ts'
import { WORDS } from './words.ts'

export function NewSendPage() {
  const event = useEvent()
  return (
    <>
      <h1>{WORDS.new}</h1>
      <Loaded query={event}>{(data) => <NewSend event={data} />}</Loaded>
    </>
  )
}

function NewSend({ event }: { event: Event }) {
  const [draft, setDraft] = useUrl<Draft>()
  const request = requestOf(draft, event)
  const wrong = request ? checkBody(launchCampaignBody, request) : {}
  const isRight = Object.keys(wrong).length === 0
  const preflight = usePreflight(event.id, isRight ? request : null)
  return (
    <div className={styles['halves']}>
      <section className={styles['card']}>
        <DraftForm event={event} draft={draft} wrong={wrong} onChange={setDraft} />
      </section>
      {request === null ? (
        <p className={styles['soft']}>{lackOf(draft) === 'at' ? WORDS.chooseTime : WORDS.writeText}</p>
      ) : !isRight ? (
        <p className={styles['soft']}>{WORDS.mend}</p>
      ) : (
        <div className={styles['stack']}>
          <Loaded query={preflight} lines={8}>
            {(data) => (
              <>
                <section className={styles['card']} aria-busy={preflight.isFetching}>
                  <Check event={event} preflight={data} />
                  <Launch event={event} request={request} seen={data} isBusy={preflight.isFetching} />
                </section>
                <Preview event={event} request={request} preflight={data} />
              </>
            )}
          </Loaded>
        </div>
      )}
    </div>
  )
}

type LaunchProps = { event: Event; request: SendRequest; seen: Preflight; isBusy: boolean }

/** Launches what was looked at: when the list has changed since, it is shown again instead. */
function Launch({ event, request, seen, isBusy }: LaunchProps) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [header, settle] = useIdempotencyKey()
  const [state, setState] = useState<'idle' | 'busy' | 'stale'>('idle')
  const [error, setError] = useState<unknown>(null)
  const launch = async () => {
    setState('busy')
    setError(null)
    const fresh = await checkSend(event.id, request)
    if (!isSame(fresh, seen)) {
      queries.setQueryData(['preflight', event.id, request], fresh)
      return setState('stale')
    }
    const body = { ...request, preflightId: fresh.preflightId }
    const params = { path: { eventId: event.id }, header }
    const { data, error } = await api.POST('/events/{eventId}/campaigns', { params, body })
    setState('idle')
    settle(data, error)
    if (error) throw error
    say(WORDS.launched)
    void queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}/campaigns'] })
    if ('campaignId' in data) await navigate({ to: `/events/${event.id}/sends/${data.campaignId}` })
    // Now that nobody looks at this check, it is not made again for nothing.
    looksChanged(queries)
  }
  const start = () =>
    void launch().catch((error: unknown) => {
      setState('idle')
      setError(error)
    })
  const count = formatNumber(seen.counts.valid)
  // The API sends at once what was to leave at a time that has passed.
  const isPast = request.scheduledAt !== undefined && seen.scheduledAt === null && !isBusy
  return (
    <>
      {state === 'stale' ? <p role="alert">{WORDS.stale}</p> : null}
      {isPast ? <p role="alert">{WORDS.past}</p> : null}
      <Refused error={error} />
      <div>
        <Button
          look="main"
          isBusy={state === 'busy' || isBusy}
          isDisabled={seen.counts.valid === 0 || isPast}
          onPress={start}
        >
          {request.scheduledAt ? WORDS.schedule(count) : WORDS.send(count)}
        </Button>
      </div>
    </>
  )
}
