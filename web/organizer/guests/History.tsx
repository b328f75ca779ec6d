/** Why did it not arrive? What happened to each message of a guest, and every answer they gave. */
import { $api, type Schemas } from '../../api/client.ts'
import { Empty, Loaded } from '../../kit/State.tsx'
import { Status } from '../../kit/Status.tsx'
import { When } from '../../kit/Time.tsx'
import { formatExactClock } from '../../words/formats.ts'
import { LOCALE } from '../../words/locale.ts'
import { ANSWERS, CHANNELS, DELIVERY_STATES, type Answer } from '../../words/states.ts'
import { nameTemplate } from '../../words/templates.ts'
import { useEvent, useEventPath } from '../shared/event.ts'
import { useDeliveriesOf } from './guests.ts'
import styles from './guests.module.css'
import { OUTCOMES, SOURCES, WORDS } from './words.ts'

export function History({ guestId }: { guestId: string }) {
  const path = useEventPath()
  const deliveries = useDeliveriesOf(guestId)
  const answers = $api.useQuery('get', '/events/{eventId}/guests/{guestId}/rsvp', {
    params: { path: { ...path, guestId } },
  })
  return (
    <>
      <section className={styles['part']}>
        <h3>{WORDS.history}</h3>
        <Loaded query={deliveries}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty>{WORDS.noHistory}</Empty>
            ) : (
              data.map((one) => <Message key={one.id} delivery={one} />)
            )
          }
        </Loaded>
      </section>
      {answers.data && answers.data.data.length > 0 ? (
        <section className={styles['part']}>
          <h3>{WORDS.answers}</h3>
          <ol className={styles['timeline']}>
            {answers.data.data.map((one) => (
              <GivenAnswer key={one.id} answer={one} />
            ))}
          </ol>
        </section>
      ) : null}
    </>
  )
}

const nameState = (state: string) => (DELIVERY_STATES as Record<string, { text: string }>)[state]?.text ?? state
const nameOutcome = (outcome: string | null) => (outcome === null ? null : (OUTCOMES[outcome] ?? nameState(outcome)))

function Message({ delivery }: { delivery: Schemas['Delivery'] }) {
  const timeZone = useEvent().data?.timeZone
  const { id: deliveryId, status, channel, template, simulated } = delivery
  const history = $api.useQuery(
    'get',
    '/deliveries/{deliveryId}',
    // Its status is part of the key, so that only what has changed is asked for again.
    { params: { path: { deliveryId } }, status },
    { staleTime: Infinity },
  )
  const { tone, text } = DELIVERY_STATES[status]
  const events = history.data?.events ?? []
  const steps = [
    { at: delivery.requestedAt, text: WORDS.events.requested, why: delivery.fallbackOf ? WORDS.fallbackOf : null },
    ...events.map(({ status, occurredAt }) => ({ at: occurredAt, text: nameState(status), why: null })),
    ...(history.data?.attemptLog ?? []).flatMap(({ n, finishedAt, outcome }) =>
      finishedAt && outcome !== 'sent'
        ? { at: finishedAt, text: WORDS.events.attempt(n), why: nameOutcome(outcome) }
        : [],
    ),
  ].toSorted((a, b) => a.at.localeCompare(b.at))
  return (
    <article className={styles['message']}>
      <p>
        <strong>{nameTemplate(template)}</strong> · {CHANNELS[channel]} · <Status tone={tone}>{text}</Status>
      </p>
      <p className={styles['soft']}>
        <When at={delivery.requestedAt} {...(timeZone ? { timeZone } : {})} />
      </p>
      {delivery.explanation ? <p>{delivery.explanation[LOCALE]}</p> : null}
      {delivery.fallbackId ? <p>{WORDS.events.fallback}.</p> : null}
      <ol className={styles['timeline']}>
        {steps.map(({ at, text, why }) => (
          <li key={`${at} ${text}`}>
            <time dateTime={at}>{formatExactClock(at, timeZone)}</time> {text} {why}
          </li>
        ))}
      </ol>
      {simulated ? <p className={styles['soft']}>{WORDS.simulated}</p> : null}
    </article>
  )
}

function GivenAnswer({ answer: { answer, places, source, by, note, answeredAt } }: { answer: Schemas['GivenAnswer'] }) {
  const timeZone = useEvent().data?.timeZone
  const shown = ANSWERS[answer as Answer]?.text ?? answer
  const how = [SOURCES[source], by?.name ? `${WORDS.by} ${by.name}` : null, note].filter(Boolean).join(', ')
  return (
    <li>
      <span>
        {shown}
        {places === null ? '' : `, ${places}`}
        {how ? ` (${how})` : ''}
      </span>{' '}
      <When at={answeredAt} {...(timeZone ? { timeZone } : {})} />
    </li>
  )
}
