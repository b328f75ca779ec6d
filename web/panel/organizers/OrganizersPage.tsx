/** Who are our organizers, and who owes? */
import { useState, type FormEvent } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { createOrganizerBody } from '../../api/bodies.ts'
import { $api } from '../../api/client.ts'
import { useReport } from '../../charts/reports.ts'
import { Button } from '../../kit/Button.tsx'
import { DataTable } from '../../kit/DataTable.tsx'
import { DateField } from '../../kit/DateField.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { GoTo } from '../../kit/GoTo.tsx'
import { Head } from '../../kit/Head.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Panel } from '../../kit/Panel.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { Loaded } from '../../kit/State.tsx'
import { Status } from '../../kit/Status.tsx'
import { useUrl } from '../../kit/url.ts'
import { formatMoney, formatTime, ZONE } from '../../words/formats.ts'
import { OrganizerChoice } from '../shared/FilterBar.tsx'
import { useOrganizers } from '../shared/organizers.ts'
import { isDay, todayInMexico } from '../shared/period.ts'
import { WORDS } from './words.ts'

export function OrganizersPage() {
  const [url, change] = useUrl<{ add?: string; to?: string; organizerId?: string }>()
  const organizers = useOrganizers()
  const today = todayInMexico()
  const { organizerId } = url
  const day = isDay(url.to) && url.to <= today ? url.to : undefined
  const ageing = useReport('debt-aging', day ? { to: day } : {})
  const navigate = useNavigate()
  const debts = new Map(ageing.data?.data.map((row) => [row.id, row]))
  const owedBy = (id: string) => debts.get(id)?.openDebtCents ?? (ageing.data ? 0 : null)
  return (
    <>
      <Head title={WORDS.title}>
        <GoTo to="/organizers" search={(now: object) => ({ ...now, add: 'yes' })} look="main">
          {WORDS.add}
        </GoTo>
      </Head>
      <Row>
        <DateField
          label={WORDS.onDay}
          canBeEmpty
          max={today}
          value={day ?? ''}
          onChange={(to) => change({ to: to || undefined })}
        />
        <OrganizerChoice value={organizerId} onChange={(id) => change({ organizerId: id })} />
      </Row>
      <Panel>
        <Loaded query={organizers}>
          {({ data }) => (
            <DataTable
              label={WORDS.title}
              // Who owes most comes first.
              rows={data
                .filter(({ id }) => !organizerId || id === organizerId)
                .toSorted((a, b) => (owedBy(b.id) ?? 0) - (owedBy(a.id) ?? 0) || a.name.localeCompare(b.name))}
              idOf={({ id }) => id}
              empty={WORDS.none}
              onOpen={(id) => void navigate({ to: `/organizers/${id}` })}
              columns={[
                { id: 'name', title: WORDS.name, cell: ({ name }) => name },
                { id: 'debt', title: WORDS.debt, isNumber: true, cell: ({ id }) => formatMoney(owedBy(id)) },
                {
                  id: 'old',
                  title: WORDS.old,
                  isNumber: true,
                  cell: ({ id }) => formatMoney((owedBy(id) ?? 0) - (debts.get(id)?.days0to30Cents ?? 0)),
                },
                {
                  id: 'sending',
                  title: WORDS.sending,
                  cell: ({ sendingPausedAt: at }) => (
                    <Status tone={at ? 'warn' : 'ok'}>{at ? WORDS.isPaused : WORDS.sends}</Status>
                  ),
                },
                { id: 'since', title: WORDS.since, cell: ({ createdAt }) => formatTime(createdAt, ZONE) },
              ]}
            />
          )}
        </Loaded>
      </Panel>
      {url.add ? <AddOrganizer onClose={() => change({ add: undefined })} /> : null}
    </>
  )
}

function AddOrganizer({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const create = $api.useMutation('post', '/organizers', {
    onSuccess: ({ id }) => {
      say(WORDS.created)
      void queries.invalidateQueries({ queryKey: ['get', '/organizers'] })
      void navigate({ to: `/organizers/${id}` })
    },
    onError: (error) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = { name: name.trim() }
    const errors = {
      ...checkBody(createOrganizerBody, body),
      ...(body.name === '' ? { name: WORDS.nameMissing } : {}),
    }
    setWrong(errors)
    if (Object.keys(errors).length === 0) create.mutate({ params: { header }, body })
  }
  return (
    <Dialog title={WORDS.add} isOpen onClose={onClose}>
      <Fields onSubmit={submit}>
        <Refused error={create.error} />
        <Field label={WORDS.name} value={name} onChange={setName} error={wrong['name']} autoFocus />
        <div>
          <Button look="main" type="submit" isBusy={create.isPending}>
            {WORDS.create}
          </Button>
        </div>
      </Fields>
    </Dialog>
  )
}
