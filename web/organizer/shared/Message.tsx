/** A message as one guest sees it. Nothing is sent. */
import { useQuery } from '@tanstack/react-query'
import { api, type Schemas } from '../../api/client.ts'
import { Bubble } from '../../kit/Bubble.tsx'
import { Letter } from '../../kit/Letter.tsx'
import { Loaded } from '../../kit/State.tsx'
import { CHANNELS } from '../../words/states.ts'
import type { Sendable } from '../../words/templates.ts'
import styles from './message.module.css'
import { WORDS } from './words.ts'

type Props = {
  eventId: string
  /** Who gets it, by which channel; in their own language, and as a template, unless it says otherwise. */
  guest: Pick<Schemas['PreflightRecipient'], 'guestId' | 'channel'> & Partial<Schemas['PreflightRecipient']>
  template: Sendable
  variables: Record<string, string>
}

export function Message({ eventId, guest, template, variables }: Props) {
  const { guestId, channel, locale, isWindowOpen = false } = guest
  const body = { channel, variables, eventId, guestId, isWindowOpen, ...(locale ? { locale } : {}) }
  const preview = useQuery({
    queryKey: ['preview', guestId, template, body],
    queryFn: async () => {
      const { data, error } = await api.POST('/templates/{name}/preview', {
        params: { path: { name: template } },
        body,
      })
      if (error) throw error
      return data
    },
    // While a text is being written, the message of this guest stays.
    placeholderData: (before, last) => (last?.queryKey[1] === guestId ? before : undefined),
    staleTime: Infinity,
  })
  return (
    <Loaded query={preview}>
      {({ refusal, shown, email }) => (
        <div className={styles['message']}>
          <span className={styles['channel']}>{CHANNELS[channel]}</span>
          {refusal ? <p role="alert">{WORDS.refused}</p> : null}
          {channel === 'whatsapp' && shown ? <Bubble side="ours" text={shown.text} buttons={shown.buttons} /> : null}
          {channel === 'email' && email ? <Letter {...email} /> : null}
        </div>
      )}
    </Loaded>
  )
}
