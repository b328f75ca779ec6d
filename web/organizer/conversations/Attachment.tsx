/** A file that a guest sent: it is saved when somebody asks for it. When WhatsApp no longer has it, the page says so. */
import { useState } from 'react'
import { api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { useEventPath } from '../shared/event.ts'
import { fileNameOf } from './attachments.ts'
import { WORDS } from './words.ts'

type Props = { messageId: string; guestId: string; file: NonNullable<Schemas['ConversationMessage']['attachment']> }

export function Attachment({ messageId, guestId, file }: Props) {
  const { eventId } = useEventPath()
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const save = async () => {
    setBusy(true)
    const params = { path: { eventId, guestId, messageId } }
    const { data, error } = await api
      .GET('/events/{eventId}/conversations/{guestId}/messages/{messageId}/attachment', { params, parseAs: 'blob' })
      .catch((error: unknown) => ({ data: undefined, error }))
    setBusy(false)
    setError(error)
    if (data) saveFile(data, fileNameOf(file, WORDS.file))
  }
  return (
    <>
      <div>
        <Button look="quiet" isBusy={isBusy} onPress={() => void save()}>
          {file.name ?? WORDS.attachment}
        </Button>
      </div>
      <Refused error={error} />
    </>
  )
}

function saveFile(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  // The browser has begun to save it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
