/** How far is it, and who was missed? */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { $api } from '../../api/client.ts'
import { openStream } from '../../api/stream.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { useMayEdit } from '../../kit/session.ts'
import { Loaded } from '../../kit/State.tsx'
import { When } from '../../kit/Time.tsx'
import { usePath } from '../../kit/url.ts'
import { formatNumber } from '../../words/formats.ts'
import { LOCALE } from '../../words/locale.ts'
import { nameTemplate } from '../../words/templates.ts'
import { useZone } from '../shared/event.ts'
import { Messages } from './Messages.tsx'
import { ProgressOf } from './ProgressOf.tsx'
import styles from './sends.module.css'
import type { Campaign } from './sends.ts'
import { SendState } from './SendsPage.tsx'
import { WORDS } from './words.ts'

/** The messages that are listed, by their outcome. */
export type SendUrl = { outcome?: 'read' | 'delivered' | 'sent' | 'failed' | 'skipped' | 'queued' | undefined }

const keyOf = (campaignId: string) => ['get', '/campaigns/{campaignId}', { params: { path: { campaignId } } }] as const

export function SendPage() {
  const campaignId = usePath('campaignId')
  const campaign = $api.useQuery('get', '/campaigns/{campaignId}', { params: { path: { campaignId } } })
  const isLive = useLive(campaignId, campaign.data)
  return <Loaded query={campaign}>{(data) => <Send campaign={data} isLive={isLive} />}</Loaded>
}

/** Keeps the campaign up to date by its stream, until all of its messages have their outcome. Tells whether it is open. */
function useLive(campaignId: string, campaign: Campaign | undefined): boolean {
  const queries = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const isWatched = campaign !== undefined && !(campaign.isDone && campaign.progress.sent === 0)
  useEffect(() => {
    if (!isWatched) return undefined
    const path = `/campaigns/${campaignId}/stream`
    const close = openStream(
      path,
      ['progress', 'done'],
      (name, data) => {
        const news = data as Pick<Campaign, 'status' | 'reason' | 'progress'>
        queries.setQueryData<Campaign>(keyOf(campaignId), (now) =>
          now ? { ...now, status: news.status, reason: news.reason, progress: news.progress } : now,
        )
        if (name === 'done') void queries.invalidateQueries({ queryKey: keyOf(campaignId) })
      },
      setOpen,
    )
    return () => {
      close()
      setOpen(false)
    }
  }, [campaignId, isWatched, queries])
  return isOpen
}

function Send({ campaign, isLive }: { campaign: Campaign; isLive: boolean }) {
  const zone = useZone()
  const { name, template, explanation, scheduledAt, createdAt } = campaign
  return (
    <>
      <Row isApart>
        <div>
          <h1>{name ?? nameTemplate(template)}</h1>
          <p className={styles['soft']}>
            <SendState campaign={campaign} /> · <When at={scheduledAt ?? createdAt} {...zone} />
          </p>
        </div>
        {useMayEdit() ? <Actions campaign={campaign} /> : null}
      </Row>
      {explanation ? <p>{explanation[LOCALE]}</p> : null}
      <ProgressOf campaign={campaign} isLive={isLive} />
      <Messages campaign={campaign} />
    </>
  )
}

function Actions({ campaign: { id: campaignId, status, progress } }: { campaign: Campaign }) {
  const queries = useQueryClient()
  const [isCancelling, setCancelling] = useState(false)
  const [header, settle] = useIdempotencyKey()
  const options = {
    onSuccess: () => queries.invalidateQueries({ queryKey: keyOf(campaignId) }),
    onSettled: settle,
  }
  const pause = $api.useMutation('post', '/campaigns/{campaignId}/pause', options)
  const resume = $api.useMutation('post', '/campaigns/{campaignId}/resume', options)
  const cancel = $api.useMutation('post', '/campaigns/{campaignId}/cancel', options)
  const call = { params: { path: { campaignId }, header }, body: {} }
  const isOpen = status === 'running' || status === 'scheduled' || status === 'paused'
  if (!isOpen) return null
  return (
    <Row>
      <Refused error={pause.error ?? resume.error} />
      {status === 'paused' ? (
        <Button isBusy={resume.isPending} onPress={() => resume.mutate(call)}>
          {WORDS.resume}
        </Button>
      ) : (
        <Button isBusy={pause.isPending} onPress={() => pause.mutate(call)}>
          {WORDS.pause}
        </Button>
      )}
      <Button look="danger" onPress={() => setCancelling(true)}>
        {WORDS.cancel}
      </Button>
      {isCancelling ? (
        <Confirm
          title={WORDS.cancelTitle(formatNumber(progress.queued + progress.scheduled))}
          verb={WORDS.cancel}
          run={() => cancel.mutateAsync(call)}
          onClose={() => setCancelling(false)}
        >
          {WORDS.cancelText}
        </Confirm>
      ) : null}
    </Row>
  )
}
