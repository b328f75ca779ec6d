/** The phones and readers of an event's door. A new one shows the code that sets it up, once. */
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { addDeviceBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { DataTable } from '../../kit/DataTable.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, fieldErrorsOf, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { ShownOnce } from '../../kit/ShownOnce.tsx'
import { say } from '../../kit/say.ts'
import { Empty, Loaded } from '../../kit/State.tsx'
import { Age } from '../../kit/Time.tsx'
import { formatTime } from '../../words/formats.ts'
import styles from './team.module.css'
import { WORDS } from './words.ts'

type Device = Schemas['Device']

export function Devices({ eventId, timeZone }: { eventId: string; timeZone: string }) {
  const queries = useQueryClient()
  const [isAdding, setAdding] = useState(false)
  const [ended, setEnded] = useState<Device | null>(null)
  const devices = $api.useQuery('get', '/devices', { params: { query: { eventId, limit: 200 } } })
  const remove = $api.useMutation('delete', '/devices/{deviceId}', {
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', '/devices'] }),
  })
  const end = async ({ id: deviceId, name }: Device) => {
    await remove.mutateAsync({ params: { path: { deviceId } } })
    say(WORDS.deviceDeleted(name))
  }
  const close = () => setAdding(false)
  return (
    <>
      <Row isApart>
        <h3>{WORDS.devices}</h3>
        <Button onPress={() => setAdding(true)}>{WORDS.addDevice}</Button>
      </Row>
      <Loaded query={devices}>
        {({ data }) => (
          <DataTable
            label={WORDS.devices}
            rows={data}
            idOf={({ id }) => id}
            empty={<Empty>{WORDS.noDevices}</Empty>}
            columns={[
              { id: 'name', title: WORDS.name, cell: ({ name }) => name },
              { id: 'gate', title: WORDS.gate, cell: ({ gate }) => gate },
              { id: 'state', title: WORDS.state, cell: (device) => stateOf(device, timeZone) },
              {
                id: 'used',
                title: WORDS.lastUsed,
                cell: ({ lastUsedAt }) => (lastUsedAt ? <Age at={lastUsedAt} /> : WORDS.never),
              },
              {
                id: 'remove',
                title: WORDS.todo,
                cell: (device) => (
                  <Button
                    look="quiet"
                    aria-label={`${WORDS.deleteDevice}: ${device.name}`}
                    onPress={() => setEnded(device)}
                  >
                    {WORDS.deleteDevice}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </Loaded>
      {ended ? (
        <Confirm
          title={WORDS.deleteTitle(ended.name)}
          verb={WORDS.deleteDevice}
          run={() => end(ended)}
          onClose={() => setEnded(null)}
        >
          {WORDS.deleteText}
        </Confirm>
      ) : null}
      <Dialog title={WORDS.addDevice} isOpen={isAdding} onClose={close}>
        <DeviceForm eventId={eventId} onClose={close} />
      </Dialog>
    </>
  )
}

function stateOf({ claimedAt, codeExpiresAt }: Device, timeZone: string): string {
  if (claimedAt) return WORDS.claimed
  return Date.parse(codeExpiresAt) > Date.now() ? WORDS.waiting(formatTime(codeExpiresAt, timeZone)) : WORDS.lapsed
}

function DeviceForm({ eventId, onClose }: { eventId: string; onClose: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [gate, setGate] = useState('')
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header, settle] = useIdempotencyKey()
  const add = $api.useMutation('post', '/devices', {
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', '/devices'] }),
    onError: (error) => setWrong(fieldErrorsOf(error)),
    onSettled: settle,
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const body = { eventId, gate: gate.trim(), name: name.trim() }
    const errors = checkBody(addDeviceBody, body)
    setWrong(errors)
    if (Object.keys(errors).length === 0) add.mutate({ params: { header }, body })
  }
  if (add.data) return <SetUp made={add.data} onClose={onClose} />
  return (
    <Fields onSubmit={submit}>
      <Refused error={add.error} />
      <Field label={WORDS.deviceName} value={name} onChange={setName} error={wrong['name']} autoFocus isRequired />
      <Field label={WORDS.gate} value={gate} onChange={setGate} error={wrong['gate']} isRequired />
      <div>
        <Button look="main" type="submit" isBusy={add.isPending}>
          {WORDS.create}
        </Button>
      </div>
    </Fields>
  )
}

function SetUp({ made: { code, qr }, onClose }: { made: Schemas['NewDevice']; onClose: () => void }) {
  if (code === null) return <ShownOnce label={WORDS.code} text={null} />
  return (
    <>
      <p>{WORDS.deviceReady}</p>
      {qr ? (
        <img className={styles['qr']} src={`data:image/svg+xml,${encodeURIComponent(qr.svg)}`} alt={WORDS.code} />
      ) : null}
      <p data-shown-once className={styles['code']}>
        {code}
      </p>
      <div>
        <Button onPress={onClose}>{WORDS.close}</Button>
      </div>
    </>
  )
}
