/** One message: what it says, what we understood, and what became of it. */
import { useState } from 'react'
import { $api, type Schemas } from '../../api/client.ts'
import { Bubble } from '../../kit/Bubble.tsx'
import { Button } from '../../kit/Button.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Loaded } from '../../kit/State.tsx'
import { Status } from '../../kit/Status.tsx'
import { formatTime } from '../../words/formats.ts'
import { LOCALE } from '../../words/locale.ts'
import { ANSWERS, DELIVERY_STATES, type Answer, type DeliveryState } from '../../words/states.ts'
import { AnswerForm } from '../shared/AnswerForm.tsx'
import { useEvent, useEventPath } from '../shared/event.ts'
import { Attachment } from './Attachment.tsx'
import styles from './conversations.module.css'
import { nameKind, WORDS } from './words.ts'

type Told = Schemas['ConversationMessage']
type Props = { message: Told; guest: { guestId: string; guestName: string }; mayEdit: boolean }

export function Message({ message, guest, mayEdit }: Props) {
  const { direction, text, type, withdrawnAt } = message
  const words = withdrawnAt ? WORDS.withdrawn : (text ?? nameKind(type))
  return (
    <Bubble side={direction === 'out' ? 'ours' : 'theirs'} text={words}>
      {message.attachment ? (
        <Attachment messageId={message.id} guestId={guest.guestId} file={message.attachment} />
      ) : null}
      {direction === 'in' && message.intent && message.intent in ANSWERS ? (
        <Understood message={message} guest={guest} mayEdit={mayEdit} />
      ) : null}
      {direction === 'out' && message.status ? <Outcome message={message} /> : null}
      <Foot message={message} />
    </Bubble>
  )
}

function Foot({ message: { sentAt, sentBy, source, channel, editedAt } }: { message: Told }) {
  const timeZone = useEvent().data?.timeZone
  const facts = [
    formatTime(sentAt, timeZone),
    sentBy?.name ?? WORDS.from[source],
    channel === 'email' ? WORDS.byMail : '',
    editedAt ? WORDS.edited : '',
  ]
  return <small className={styles['foot']}>{facts.filter(Boolean).join(' · ')}</small>
}

function Outcome({ message: { status, explanation } }: { message: Told }) {
  const { tone, text } = DELIVERY_STATES[status as DeliveryState]
  return (
    <small>
      <Status tone={tone}>{text}</Status>
      {explanation && tone === 'bad' ? ` ${explanation[LOCALE]}` : ''}
    </small>
  )
}

function Understood({ message: { intent, partySize }, guest, mayEdit }: Props) {
  const [isOpen, setOpen] = useState(false)
  const answer = ANSWERS[intent as Answer].text
  const close = () => setOpen(false)
  return (
    <div className={styles['understood']}>
      <span>
        {WORDS.understood} {answer}
        {partySize === null ? '' : `, ${partySize}`}
      </span>
      {mayEdit ? (
        <Button look="quiet" onPress={() => setOpen(true)}>
          {WORDS.correct}
        </Button>
      ) : null}
      <Dialog title={WORDS.correctTitle(guest.guestName)} isOpen={isOpen} onClose={close}>
        <Correction guestId={guest.guestId} onDone={close} />
      </Dialog>
    </div>
  )
}

function Correction({ guestId, onDone }: { guestId: string; onDone: () => void }) {
  const path = { ...useEventPath(), guestId }
  const guest = $api.useQuery('get', '/events/{eventId}/guests/{guestId}', { params: { path } })
  return <Loaded query={guest}>{(data) => <AnswerForm guest={data} onDone={onDone} />}</Loaded>
}
