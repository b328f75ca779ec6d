/** The last step: what was imported, and what was not. */
import { GoTo } from '../../kit/GoTo.tsx'
import { Button } from '../../kit/Button.tsx'
import { Row } from '../../kit/Row.tsx'
import { formatNumber } from '../../words/formats.ts'
import { LOCALE } from '../../words/locale.ts'
import { Download } from '../shared/Download.tsx'
import { useEventPath } from '../shared/event.ts'
import { Counts } from './Counts.tsx'
import styles from './imports.module.css'
import type { Job } from './upload.ts'
import { WORDS } from './words.ts'

type Props = {
  counts: Pick<Job, 'created' | 'updated' | 'unchanged' | 'rejected'>
  rejectedUrl: string | null
  onAgain: () => void
}

export function Result({ counts, rejectedUrl, onAgain }: Props) {
  const { eventId } = useEventPath()
  return (
    <>
      <h2 role="status">{WORDS.finished}</h2>
      <Counts counts={counts} names={WORDS.done} />
      {rejectedUrl ? (
        <p>
          <Rejected url={rejectedUrl} count={counts.rejected} />
        </p>
      ) : null}
      <Row>
        <GoTo look="main" to={`/events/${eventId}/guests`}>
          {WORDS.see}
        </GoTo>
        <Button onPress={onAgain}>{WORDS.again}</Button>
      </Row>
    </>
  )
}

/** The rows that an import rejected, as a file to mend and to import again. */
export function Rejected({ url, count }: { url: string; count: number }) {
  const { pathname } = new URL(url, location.origin)
  return (
    <Download className={styles['download']} href={`${pathname}?locale=${LOCALE}`}>
      {WORDS.download(formatNumber(count))}
    </Download>
  )
}
