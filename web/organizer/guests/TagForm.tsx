/** Adds a tag to the guests that were chosen. */
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { updateGuestBody } from '../../api/bodies.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody } from '../../kit/forms.ts'
import { Refused } from '../../kit/Refused.tsx'
import { say } from '../../kit/say.ts'
import { useEventPath } from '../shared/event.ts'
import { type Guest } from './guests.ts'
import { useGuestsChanged } from '../shared/changed.ts'
import { WORDS } from './words.ts'

export function TagForm({ guests, onDone }: { guests: readonly Guest[]; onDone: () => void }) {
  const path = useEventPath()
  const changed = useGuestsChanged()
  const [tag, setTag] = useState('')
  const [wrong, setWrong] = useState<string>()
  const bodies = guests
    .filter(({ tags }) => !tags.includes(tag.trim()))
    .map(({ id, tags }) => ({ id, body: { tags: [...tags, tag.trim()] } }))
  const add = useMutation({
    mutationFn: async () => {
      for (const { id, body } of bodies) {
        const call = { params: { path: { ...path, guestId: id } }, body }
        const { error } = await api.PATCH('/events/{eventId}/guests/{guestId}', call)
        if (error) throw error
      }
    },
    onSuccess: () => {
      say(WORDS.tagged(guests.length))
      onDone()
    },
    onSettled: changed,
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const [found] = bodies.flatMap(({ body }) => Object.values(checkBody(updateGuestBody, body)))
    setWrong(found)
    if (!found) add.mutate()
  }
  return (
    <Fields onSubmit={submit}>
      <Refused error={add.error} />
      <Field label={WORDS.newTag} value={tag} onChange={setTag} error={wrong} autoFocus isRequired />
      <div>
        <Button look="main" type="submit" isBusy={add.isPending} isDisabled={tag.trim() === ''}>
          {WORDS.tagTo(guests.length)}
        </Button>
      </div>
    </Fields>
  )
}
