/** The channels: do they send, who paused them, how many messages wait? */
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { pauseChannelBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { checkBody } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { say } from '../../kit/say.ts'
import { Loaded } from '../../kit/State.tsx'
import { Status } from '../../kit/Status.tsx'
import { Age, When } from '../../kit/Time.tsx'
import { CHANNELS } from '../../words/states.ts'
import { useUserNames } from '../shared/users.ts'
import { WORDS } from './words.ts'
import styles from './messages.module.css'
import { ZONE } from '../../words/formats.ts'

type Channel = Schemas['ChannelState']

const POLL_MS = 5000

export function Channels() {
  const channels = $api.useQuery('get', '/ops/channels', {}, { refetchInterval: POLL_MS })
  return (
    <Loaded query={channels} lines={2}>
      {({ channels: list }) => (
        <ul className={styles['channels']}>
          {list.map((channel) => (
            <ChannelRow key={channel.channel} channel={channel} />
          ))}
        </ul>
      )}
    </Loaded>
  )
}

function ChannelRow({ channel }: { channel: Channel }) {
  const [isAsking, setIsAsking] = useState(false)
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const pause = $api.useMutation('post', '/ops/channels/{channel}/pause', { onSettled: settle })
  const resume = $api.useMutation('post', '/ops/channels/{channel}/resume', { onSettled: settle })
  const name = CHANNELS[channel.channel]
  const waiting = channel.due + channel.waiting
  const params = { path: { channel: channel.channel }, header }
  const changed = async (text: string) => {
    say(text)
    await queries.invalidateQueries({ queryKey: ['get', '/ops/channels'] })
  }
  return (
    <li>
      <strong>{name}</strong>
      <State channel={channel} />
      <span>
        {WORDS.waiting(waiting)}
        {channel.simulated ? `. ${WORDS.simulated}` : ''}
      </span>
      {channel.pause || channel.circuit !== 'closed' ? (
        <Button
          isBusy={resume.isPending}
          onPress={() => resume.mutate({ params, body: {} }, { onSuccess: () => void changed(WORDS.resumed(name)) })}
        >
          {WORDS.resume}
        </Button>
      ) : (
        <Button onPress={() => setIsAsking(true)}>{WORDS.pause}</Button>
      )}
      <Refused error={resume.error} />
      {isAsking ? (
        <Confirm
          title={WORDS.pauseTitle(name)}
          verb={WORDS.pause}
          asksReason
          check={(reason) => checkBody(pauseChannelBody, { reason })}
          run={async (reason) => {
            await pause.mutateAsync({ params, body: { reason } })
            await changed(WORDS.paused(name))
          }}
          onClose={() => setIsAsking(false)}
        >
          {WORDS.pauseText(waiting)}
        </Confirm>
      ) : null}
    </li>
  )
}

function State({ channel: { pause, circuit, pausedUntil, pauseReason } }: { channel: Channel }) {
  const nameOf = useUserNames()
  if (pause)
    return (
      <span>
        <Status tone="warn">{`${WORDS.pausedBy} ${nameOf(pause.by)}`}</Status> <Age at={pause.since} />: {pause.reason}
      </span>
    )
  if (circuit === 'closed') return <Status tone="ok">{WORDS.sending}</Status>
  return (
    <span>
      <Status tone="bad">{circuit === 'open' ? WORDS.pausedByItself : WORDS.probing}</Status>
      {pausedUntil ? (
        <>
          {' '}
          {WORDS.until} <When at={pausedUntil} timeZone={ZONE} />
        </>
      ) : null}
      {pauseReason ? `: ${pauseReason}` : null}
    </span>
  )
}
