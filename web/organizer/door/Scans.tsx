/** The latest scans, and taking back one that was a mistake. */
import { keepPreviousData, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { undoScanBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR, rowsOf } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { DataTable } from '../../kit/DataTable.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Field } from '../../kit/Field.tsx'
import { Fields } from '../../kit/Fields.tsx'
import { checkBody, type FieldErrors } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { More } from '../../kit/More.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { say } from '../../kit/say.ts'
import { Empty, Loaded } from '../../kit/State.tsx'
import { Status, type Tone } from '../../kit/Status.tsx'
import { formatClock } from '../../words/formats.ts'
import { useEvent, useEventPath } from '../shared/event.ts'
import { WORDS } from './words.ts'

type Scan = Schemas['Scan']

export function Scans({ version }: { version: string }) {
  const timeZone = useEvent().data?.timeZone
  const [undone, setUndone] = useState<Scan | null>(null)
  const init = { params: { path: useEventPath(), query: { limit: 20 } }, version }
  const options = { ...BY_CURSOR, placeholderData: keepPreviousData }
  const scans = $api.useInfiniteQuery('get', '/events/{eventId}/scans', init, options)
  const close = () => setUndone(null)
  return (
    <section>
      <h2>{WORDS.recent}</h2>
      <Loaded query={scans}>
        {(data) => (
          <DataTable
            label={WORDS.recent}
            rows={rowsOf(data)}
            idOf={({ id }) => id}
            empty={<Empty>{WORDS.none}</Empty>}
            columns={[
              { id: 'guest', title: WORDS.guest, cell: ({ guestName }) => guestName ?? WORDS.unknown },
              { id: 'time', title: WORDS.time, cell: ({ scannedAt }) => formatClock(scannedAt, timeZone) },
              { id: 'gate', title: WORDS.gate, cell: ({ gate }) => gate ?? WORDS.noGate },
              { id: 'persons', title: WORDS.persons, isNumber: true, cell: ({ requested }) => requested },
              { id: 'result', title: WORDS.result, cell: (scan) => <Result scan={scan} /> },
              {
                id: 'undo',
                title: WORDS.todo,
                cell: (scan) =>
                  scan.result === 'valid' && !scan.undoneAt ? (
                    <Button look="quiet" onPress={() => setUndone(scan)}>
                      {WORDS.undo}
                    </Button>
                  ) : null,
              },
            ]}
          />
        )}
      </Loaded>
      <More pages={scans} />
      <Dialog title={WORDS.undoTitle(undone?.guestName ?? '')} isOpen={undone !== null} onClose={close}>
        {undone ? <UndoForm scan={undone} onDone={close} /> : null}
      </Dialog>
    </section>
  )
}

const TONES: Record<Scan['result'], Tone> = { valid: 'ok', duplicate: 'warn', invalid: 'bad' }

function Result({ scan: { result, direction, undoneAt, undoReason } }: { scan: Scan }) {
  if (undoneAt) return <Status tone="none">{`${WORDS.undone}: ${undoReason ?? ''}`}</Status>
  return <Status tone={TONES[result]}>{direction === 'out' ? WORDS.out : WORDS.results[result]}</Status>
}

function UndoForm({ scan: { scanId }, onDone }: { scan: Scan; onDone: () => void }) {
  const path = { ...useEventPath(), scanId }
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const [wrong, setWrong] = useState<FieldErrors>({})
  const [header] = useIdempotencyKey()
  const undo = $api.useMutation('post', '/events/{eventId}/scans/{scanId}/undo', {
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}/scans'] })
      say(WORDS.undoDone)
      onDone()
    },
  })
  const submit = (submission: FormEvent) => {
    submission.preventDefault()
    const errors = checkBody(undoScanBody, { reason })
    setWrong(errors)
    if (Object.keys(errors).length === 0) undo.mutate({ params: { path, header }, body: { reason } })
  }
  return (
    <Fields onSubmit={submit}>
      <p>{WORDS.undoText}</p>
      <Refused error={undo.error} />
      <Field label={WORDS.reason} value={reason} onChange={setReason} error={wrong['reason']} autoFocus isRequired />
      <div>
        <Button look="danger" type="submit" isBusy={undo.isPending}>
          {WORDS.undo}
        </Button>
      </div>
    </Fields>
  )
}
