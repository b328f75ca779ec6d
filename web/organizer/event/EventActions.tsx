/** What can be done with an event: change it, publish a draft, pause its sending, cancel it. */
import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { $api } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { GoTo } from '../../kit/GoTo.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { looksChanged } from '../shared/changed.ts'
import type { Event } from '../shared/event.ts'
import { WORDS } from './words.ts'

/** The page is there before the dialogs, which few open. */
const Publish = lazy(() => import('./LifeDialogs.tsx').then((module) => ({ default: module.Publish })))
const Cancel = lazy(() => import('./LifeDialogs.tsx').then((module) => ({ default: module.Cancel })))

export function EventActions({ event }: { event: Event }) {
  const [open, setOpen] = useState<'publish' | 'cancel' | null>(null)
  const isDraft = event.status === 'draft'
  const close = () => setOpen(null)
  if (event.status !== 'active' && !isDraft) return null
  return (
    <Row>
      {isDraft ? (
        <Button look="main" onPress={() => setOpen('publish')}>
          {WORDS.publish}
        </Button>
      ) : null}
      <GoTo to={`/events/${event.id}/edit`}>{WORDS.edit}</GoTo>
      {isDraft ? null : <PauseButton event={event} />}
      <Button look="danger" onPress={() => setOpen('cancel')}>
        {WORDS.cancel}
      </Button>
      <Suspense>
        {open === 'publish' ? <Publish event={event} onClose={close} /> : null}
        {open === 'cancel' ? <Cancel event={event} onClose={close} /> : null}
      </Suspense>
    </Row>
  )
}

function PauseButton({ event: { id, sendingPaused } }: { event: Event }) {
  const queries = useQueryClient()
  const [header, settle] = useIdempotencyKey()
  const options = {
    onSuccess: () => {
      say(sendingPaused ? WORDS.resumed : WORDS.paused)
      looksChanged(queries)
      return queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}'] })
    },
    onSettled: settle,
  }
  const pause = $api.useMutation('post', '/events/{eventId}/deliveries/pause', options)
  const resume = $api.useMutation('post', '/events/{eventId}/deliveries/resume', options)
  if (sendingPaused === 'organizer_paused') return <p>{WORDS.byOrganizer}</p>
  const call = { params: { path: { eventId: id }, header }, body: {} }
  return (
    <>
      <Button
        isBusy={pause.isPending || resume.isPending}
        onPress={() => (sendingPaused ? resume.mutate(call) : pause.mutate(call))}
      >
        {sendingPaused ? WORDS.resume : WORDS.pause}
      </Button>
      <Refused error={sendingPaused ? resume.error : pause.error} />
    </>
  )
}
