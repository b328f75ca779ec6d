/** What can be done with an event: change it, pause its sending, cancel it. */
import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { $api } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { GoTo } from '../../kit/GoTo.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { Loading } from '../../kit/State.tsx'
import type { Event } from '../shared/event.ts'
import { WORDS } from './words.ts'

// Its check has the schemas with it, which the first view does without.
const CancelForm = lazy(() => import('./CancelForm.tsx').then((module) => ({ default: module.CancelForm })))

export function EventActions({ event }: { event: Event }) {
  const [isCancelling, setCancelling] = useState(false)
  const isOpen = event.status === 'active' || event.status === 'draft'
  return (
    <Row>
      {isOpen ? <GoTo to={`/events/${event.id}/edit`}>{WORDS.edit}</GoTo> : null}
      {isOpen ? <PauseButton event={event} /> : null}
      {isOpen ? (
        <Button look="danger" onPress={() => setCancelling(true)}>
          {WORDS.cancel}
        </Button>
      ) : null}
      <Dialog title={WORDS.cancelTitle(event.name)} isOpen={isCancelling} onClose={() => setCancelling(false)}>
        <Suspense fallback={<Loading />}>
          <CancelForm event={event} onDone={() => setCancelling(false)} />
        </Suspense>
      </Dialog>
    </Row>
  )
}

function PauseButton({ event: { id, sendingPaused } }: { event: Event }) {
  const queries = useQueryClient()
  const [header, settle] = useIdempotencyKey()
  const options = {
    onSuccess: () => {
      say(sendingPaused ? WORDS.resumed : WORDS.paused)
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
