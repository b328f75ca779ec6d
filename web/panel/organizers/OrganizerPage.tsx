/** What does this organizer owe and hold, and how did it come to that? */
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { GoTo } from '../../kit/GoTo.tsx'
import { Head } from '../../kit/Head.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { Facts, Panel } from '../../kit/Panel.tsx'
import { say } from '../../kit/say.ts'
import { Loaded } from '../../kit/State.tsx'
import { usePath } from '../../kit/url.ts'
import { formatMoney, formatNumber } from '../../words/formats.ts'
import { useOrganizers } from '../shared/organizers.ts'
import { Ledger } from './Ledger.tsx'
import { WORDS } from './words.ts'
import { WriteOff } from './WriteOff.tsx'

export function OrganizerPage() {
  const organizerId = usePath('organizerId')
  const organizer = useOrganizers().data?.data.find(({ id }) => id === organizerId)
  const balance = $api.useQuery('get', '/organizers/{organizerId}/balance', { params: { path: { organizerId } } })
  const [isForgiving, setIsForgiving] = useState(false)
  return (
    <>
      <Head title={organizer?.name ?? organizerId}>
        <GoTo to="/money" search={{ enter: 'payment', organizerId }} look="main">
          {WORDS.enterPayment}
        </GoTo>
        <GoTo to="/tickets" search={{ assign: 'yes', organizerId }}>
          {WORDS.assign}
        </GoTo>
        {organizer ? <Sending organizer={organizer} /> : null}
      </Head>
      <Loaded query={balance}>
        {({ account }) => (
          <Panel
            title={WORDS.balance}
            actions={
              account.openDebtCents > 0 ? (
                <Button look="danger" onPress={() => setIsForgiving(true)}>
                  {WORDS.writeOff}
                </Button>
              ) : null
            }
          >
            <Facts facts={describeAccount(account)} />
            {isForgiving ? (
              <WriteOff
                organizerId={organizerId}
                name={organizer?.name ?? organizerId}
                owedCents={account.openDebtCents}
                onClose={() => setIsForgiving(false)}
              />
            ) : null}
          </Panel>
        )}
      </Loaded>
      <Ledger organizerId={organizerId} />
    </>
  )
}

function describeAccount(account: Schemas['Account']): [string, string][] {
  const tickets = ({ used, granted, left }: Schemas['Tickets']) =>
    WORDS.left(formatNumber(used), formatNumber(granted), formatNumber(left))
  return [
    [WORDS.openDebt, formatMoney(account.openDebtCents)],
    [WORDS.credit, formatMoney(account.creditCents)],
    [WORDS.billed, formatMoney(account.billedCents)],
    [WORDS.paid, formatMoney(account.paidCents)],
    [WORDS.writtenOff, formatMoney(account.writtenOffCents)],
    [WORDS.prepaid, tickets(account.tickets.prepaid)],
    [WORDS.loan, tickets(account.tickets.loan)],
  ]
}

function Sending({ organizer: { id, name, sendingPausedAt } }: { organizer: Schemas['Organizer'] }) {
  const [isAsking, setIsAsking] = useState(false)
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const pause = $api.useMutation('post', '/organizers/{organizerId}/deliveries/pause', { onSettled: settle })
  const resume = $api.useMutation('post', '/organizers/{organizerId}/deliveries/resume', { onSettled: settle })
  const call = { params: { path: { organizerId: id }, header }, body: {} }
  const changed = async (text: string) => {
    say(text)
    await queries.invalidateQueries({ queryKey: ['get', '/organizers'] })
  }
  if (sendingPausedAt)
    return (
      <>
        <Button
          isBusy={resume.isPending}
          onPress={() => resume.mutate(call, { onSuccess: () => void changed(WORDS.resumed) })}
        >
          {WORDS.resume}
        </Button>
        <Refused error={resume.error} />
      </>
    )
  return (
    <>
      <Button onPress={() => setIsAsking(true)}>{WORDS.pause}</Button>
      {isAsking ? (
        <Confirm
          title={WORDS.pauseTitle(name)}
          verb={WORDS.pause}
          run={async () => {
            const { waiting } = await pause.mutateAsync(call)
            await changed(WORDS.paused(waiting))
          }}
          onClose={() => setIsAsking(false)}
        >
          {WORDS.pauseText}
        </Confirm>
      ) : null}
    </>
  )
}
