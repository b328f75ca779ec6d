/** Changes of an event. */
import { useNavigate } from '@tanstack/react-router'
import { Loaded } from '../../kit/State.tsx'
import { useEvent } from '../shared/event.ts'
import { EventForm } from './EventForm.tsx'
import { WORDS } from './words.ts'

export function EditPage() {
  const event = useEvent()
  const navigate = useNavigate()
  return (
    <>
      <h1>{WORDS.edit}</h1>
      <Loaded query={event}>
        {(data) => <EventForm event={data} onDone={({ id }) => void navigate({ to: `/events/${id}` })} />}
      </Loaded>
    </>
  )
}
