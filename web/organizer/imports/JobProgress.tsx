/** A long list, which is imported in the background. */
import { ProgressBar } from 'react-aria-components'
import { $api, AGAIN_MS } from '../../api/client.ts'
import { Button } from '../../kit/Button.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { Loaded } from '../../kit/State.tsx'
import { formatNumber } from '../../words/formats.ts'
import { useEventPath } from '../shared/event.ts'
import styles from './imports.module.css'
import { Result } from './Result.tsx'
import type { Job } from './upload.ts'
import { WORDS } from './words.ts'

export const OFTEN_MS = 1000

/** Whether an import is under way. */
export const isOpen = (job: Job | undefined): boolean => job?.status === 'queued' || job?.status === 'running'

export function JobProgress({ importId, onAgain }: { importId: string; onAgain: () => void }) {
  const path = { ...useEventPath(), importId }
  const job = $api.useQuery(
    'get',
    '/events/{eventId}/imports/{importId}',
    { params: { path } },
    { refetchInterval: ({ state }) => (isOpen(state.data) ? OFTEN_MS : AGAIN_MS) },
  )
  return (
    <Loaded query={job}>
      {(data) => {
        if (data.status === 'completed')
          return <Result counts={data} rejectedUrl={data.rejectedUrl} onAgain={onAgain} />
        if (data.status === 'failed')
          return (
            <>
              <p role="alert">{WORDS.failed}</p>
              <div>
                <Button look="main" onPress={onAgain}>
                  {WORDS.uploadAgain}
                </Button>
              </div>
            </>
          )
        return (
          <>
            <Progress done={data.rowsDone} total={data.rowsTotal} />
            <p>{WORDS.close}</p>
            <Refused error={job.error} />
          </>
        )
      }}
    </Loaded>
  )
}

function Progress({ done, total }: { done: number; total: number }) {
  return (
    <ProgressBar aria-label={WORDS.running} value={done} maxValue={total} className={styles['progress']}>
      {({ percentage = 0 }) => (
        <>
          <span>{WORDS.progress(formatNumber(done), formatNumber(total))}</span>
          <span className={styles['track']}>
            <span className={styles['bar']} style={{ inlineSize: `${percentage}%` }} />
          </span>
        </>
      )}
    </ProgressBar>
  )
}
