/** Erases who a guest is, because they have asked for it. It cannot be taken back, so it is ticked first. */
import { useState } from 'react'
import { anonymizeGuestBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { Check } from '../../kit/Checks.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { checkBody } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { say } from '../../kit/say.ts'
import { useGuestsChanged } from '../shared/changed.ts'
import { useEventPath } from '../shared/event.ts'
import styles from './guests.module.css'
import { PRIVACY } from './words.ts'

export function Anonymize({ guest: { id, name }, onClose }: { guest: Schemas['Guest']; onClose: () => void }) {
  const path = { ...useEventPath(), guestId: id }
  const changed = useGuestsChanged()
  const [isSure, setSure] = useState(false)
  const [header, settle] = useIdempotencyKey()
  const anonymize = $api.useMutation('post', '/events/{eventId}/guests/{guestId}/anonymize', { onSettled: settle })
  const run = async (reason: string) => {
    await anonymize.mutateAsync({ params: { path, header }, body: reason === '' ? {} : { reason } })
    say(PRIVACY.done)
    changed()
  }
  return (
    <Confirm
      title={PRIVACY.title(name)}
      verb={PRIVACY.verb}
      isReady={isSure}
      asksReason="optional"
      reasonLabel={PRIVACY.reason}
      reasonHint={PRIVACY.reasonHint}
      check={(reason) => checkBody(anonymizeGuestBody, { reason })}
      run={run}
      onClose={onClose}
    >
      <div className={styles['part']}>
        <List title={PRIVACY.lost} lines={PRIVACY.lostLines} />
        <List title={PRIVACY.kept} lines={PRIVACY.keptLines} />
        <Check label={PRIVACY.sure} isOn={isSure} onChange={setSure} />
      </div>
    </Confirm>
  )
}

const List = ({ title, lines }: { title: string; lines: readonly string[] }) => (
  <div>
    <p>
      <strong>{title}</strong>
    </p>
    <ul className={styles['lines']}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  </div>
)
