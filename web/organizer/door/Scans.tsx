/** The latest scans, and taking back one that was a mistake. */
import { keepPreviousData, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { undoScanBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { checkBody } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { say } from '../../kit/say.ts'
import { Empty } from '../../kit/State.tsx'
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
  return (
    <section>
      <h2>{WORDS.recent}</h2>
      <PagedTable
        pages={scans}
        label={WORDS.recent}
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
      {undone ? <Undo scan={undone} onClose={() => setUndone(null)} /> : null}
    </section>
  )
}

const TONES: Record<Scan['result'], Tone> = { valid: 'ok', duplicate: 'warn', invalid: 'bad' }

function Result({ scan: { result, direction, undoneAt, undoReason } }: { scan: Scan }) {
  if (undoneAt) return <Status tone="none">{`${WORDS.undone}: ${undoReason ?? ''}`}</Status>
  return <Status tone={TONES[result]}>{direction === 'out' ? WORDS.out : WORDS.results[result]}</Status>
}

function Undo({ scan: { scanId, guestName }, onClose }: { scan: Scan; onClose: () => void }) {
  const path = { ...useEventPath(), scanId }
  const queries = useQueryClient()
  const [header, settle] = useIdempotencyKey()
  const undo = $api.useMutation('post', '/events/{eventId}/scans/{scanId}/undo', {
    onSuccess: () => {
      say(WORDS.undoDone)
      return queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}/scans'] })
    },
    onSettled: settle,
  })
  return (
    <Confirm
      title={WORDS.undoTitle(guestName ?? WORDS.unknown)}
      verb={WORDS.undo}
      asksReason
      check={(reason) => checkBody(undoScanBody, { reason })}
      run={(reason) => undo.mutateAsync({ params: { path, header }, body: { reason } })}
      onClose={onClose}
    >
      {WORDS.undoText}
    </Confirm>
  )
}
