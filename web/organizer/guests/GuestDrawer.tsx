/** One guest: who they are, what they answered, what happened to their messages, and what can be done. */
import { useState } from 'react'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { useMayEdit } from '../../kit/session.ts'
import { Status } from '../../kit/Status.tsx'
import { formatTime } from '../../words/formats.ts'
import { ANSWERS } from '../../words/states.ts'
import { useEventPath, useZone } from '../shared/event.ts'
import { AnswerForm } from '../shared/AnswerForm.tsx'
import { Anonymize } from './Anonymize.tsx'
import { GuestForm } from './GuestForm.tsx'
import { useGuestsChanged } from '../shared/changed.ts'
import { useDeliveriesOf } from './guests.ts'
import styles from './guests.module.css'
import { History } from './History.tsx'
import { SendForm } from '../shared/SendForm.tsx'
import { PRIVACY, WORDS } from './words.ts'

type Guest = Schemas['Guest']
type Form = 'send' | 'answer' | 'edit' | 'delete' | 'revoke' | 'anonymize'

export function GuestDrawer({ guest, onClose }: { guest: Guest; onClose: () => void }) {
  const [form, setForm] = useState<Form | null>(null)
  const isErased = guest.anonymizedAt !== null
  const mayEdit = useMayEdit() && !isErased
  const finish = () => setForm(null)
  const { timeZone } = useZone()
  if (form === 'edit') return <GuestForm guest={guest} onDone={finish} />
  return (
    <>
      {guest.anonymizedAt ? <p>{PRIVACY.erased(formatTime(guest.anonymizedAt, timeZone))}</p> : null}
      <Facts guest={guest} />
      {mayEdit ? (
        <Row>
          <Button look="main" onPress={() => setForm('send')}>
            {WORDS.send}
          </Button>
          <Button onPress={() => setForm('answer')}>{WORDS.answerByHand}</Button>
          <Button onPress={() => setForm('edit')}>{WORDS.edit}</Button>
          <LeaveButton guest={guest} onOpen={setForm} />
        </Row>
      ) : null}
      {form === 'send' ? <SendForm guests={[guest]} onDone={finish} /> : null}
      {form === 'answer' ? <AnswerForm guest={guest} onDone={finish} /> : null}
      {form === 'delete' ? <DeleteForm guest={guest} onDone={onClose} /> : null}
      {form === 'revoke' ? <Revoke guest={guest} onClose={finish} /> : null}
      {form === 'anonymize' ? <Anonymize guest={guest} onClose={finish} /> : null}
      <History guestId={guest.id} />
      {mayEdit ? (
        <div className={styles['part']}>
          <p className={styles['soft']}>{PRIVACY.askWhy}</p>
          <div>
            <Button look="danger" onPress={() => setForm('anonymize')}>
              {PRIVACY.ask}
            </Button>
          </div>
        </div>
      ) : null}
      <div>
        <Button onPress={onClose}>{WORDS.close}</Button>
      </div>
    </>
  )
}

function Facts({ guest }: { guest: Guest }) {
  const { phone, email, partySize, companions, tags, notes, answer, admitted, code, anonymizedAt } = guest
  const names = companions.map(({ name }) => name).join(', ')
  const facts: [string, React.ReactNode][] = [
    [
      WORDS.columns.answer,
      <Status key="answer" tone={ANSWERS[answer].tone}>
        {ANSWERS[answer].text}
      </Status>,
    ],
    [WORDS.fields.phone, phone],
    [WORDS.fields.email, email],
    [WORDS.columns.places, names ? `${partySize} (${names})` : partySize],
    [WORDS.inside, admitted > 0 ? WORDS.ofPlaces(admitted, partySize) : null],
    [WORDS.columns.tags, tags.join(', ')],
    [WORDS.fields.notes, notes],
    [WORDS.code, anonymizedAt === null ? code : null],
  ]
  return (
    <dl className={styles['facts']}>
      {facts
        .filter(([, value]) => value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name} className={styles['fact']}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

/** A guest with a history stays on the list; their pass can be made void. */
function LeaveButton({ guest, onOpen }: { guest: Guest; onOpen: (form: Form) => void }) {
  const deliveries = useDeliveriesOf(guest.id).data?.data
  if (!deliveries) return null
  const form = deliveries.length > 0 || guest.admitted > 0 ? 'revoke' : 'delete'
  return (
    <Button look="danger" onPress={() => onOpen(form)}>
      {WORDS[form]}
    </Button>
  )
}

function Revoke({ guest: { id, name }, onClose }: { guest: Guest; onClose: () => void }) {
  const path = { ...useEventPath(), guestId: id }
  const changed = useGuestsChanged()
  const [header, settle] = useIdempotencyKey()
  const revoke = $api.useMutation('post', '/events/{eventId}/guests/{guestId}/pass/revoke', {
    onSuccess: () => {
      say(WORDS.revoked(name))
      changed()
    },
    onSettled: settle,
  })
  return (
    <Confirm
      title={WORDS.revokeTitle(name)}
      verb={WORDS.revoke}
      run={() => revoke.mutateAsync({ params: { path, header }, body: {} })}
      onClose={onClose}
    >
      {WORDS.revokeText}
    </Confirm>
  )
}

function DeleteForm({ guest: { id, name }, onDone }: { guest: Guest; onDone: () => void }) {
  const path = { ...useEventPath(), guestId: id }
  const changed = useGuestsChanged()
  const remove = $api.useMutation('delete', '/events/{eventId}/guests/{guestId}', {
    onSuccess: () => {
      say(WORDS.deleted(name))
      onDone()
      changed()
    },
  })
  return (
    <div className={styles['part']}>
      <p>{WORDS.deleteText}</p>
      <Refused error={remove.error} />
      <div>
        <Button look="danger" isBusy={remove.isPending} onPress={() => remove.mutate({ params: { path } })}>
          {WORDS.deleteTitle(name)}
        </Button>
      </div>
    </div>
  )
}
