/** Forgives a debt, or a part of it. */
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { writeDebtOffBody } from '../../api/bodies.ts'
import { $api } from '../../api/client.ts'
import { Confirm } from '../../kit/Confirm.tsx'
import { Field } from '../../kit/Field.tsx'
import { checkBody } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { say } from '../../kit/say.ts'
import { readCents } from '../../words/amounts.ts'
import { formatMoney } from '../../words/formats.ts'
import { WORDS } from './words.ts'

type Props = { organizerId: string; name: string; owedCents: number; onClose: () => void }

export function WriteOff({ organizerId, name, owedCents, onClose }: Props) {
  const [amount, setAmount] = useState(() => (owedCents / 100).toFixed(2))
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const write = $api.useMutation('post', '/director/organizers/{organizerId}/write-offs', { onSettled: settle })
  const amountCents = readCents(amount)
  const isAmount = amountCents !== null && amountCents > 0
  const bodyOf = (reason: string) => ({ reason, ...(amountCents === null ? {} : { amountCents }) })
  return (
    <Confirm
      title={WORDS.writeOffTitle(formatMoney(amountCents), name)}
      verb={WORDS.writeOff}
      asksReason
      isReady={isAmount}
      check={(reason) => checkBody(writeDebtOffBody, bodyOf(reason))}
      run={async (reason) => {
        const body = bodyOf(reason)
        await write.mutateAsync({ params: { path: { organizerId }, header }, body })
        say(WORDS.isWrittenOff)
        await queries.invalidateQueries()
      }}
      onClose={onClose}
    >
      <p>{WORDS.writeOffText}</p>
      <Field
        label={WORDS.amount}
        value={amount}
        onChange={setAmount}
        inputMode="decimal"
        error={isAmount ? undefined : WORDS.notAnAmount}
      />
    </Confirm>
  )
}
