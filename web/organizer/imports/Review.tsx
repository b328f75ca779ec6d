/** The third step: what the list would do, and each row that cannot be read. */
import { useEffect, type ReactNode } from 'react'
import { Button } from '../../kit/Button.tsx'
import { DataTable } from '../../kit/DataTable.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { formatNumber } from '../../words/formats.ts'
import { LOCALE } from '../../words/locale.ts'
import { Counts, KINDS } from './Counts.tsx'
import styles from './imports.module.css'
import type { Mapping } from './mapping.ts'
import { useRejectedFile, type Reviewed } from './upload.ts'
import { WORDS } from './words.ts'

type Props = {
  review: Reviewed
  isBusy: boolean
  onImport: () => void
  onBack: () => void
  /** What gives the rows with an error as a file. */
  errorsFile: ReactNode
}

export function Review({ review, isBusy, onImport, onBack, errorsFile }: Props) {
  const changes = review.created + review.updated
  const seen = changes + review.unchanged + review.rejected
  const isPartial = review.rowsUnread > 0
  const total = formatNumber(seen + review.rowsUnread)
  useEffect(() => say(describe(review)), [review])
  return (
    <>
      {isPartial ? <p>{WORDS.partial(formatNumber(seen), total)}</p> : null}
      <Counts counts={review} names={WORDS.counts} />
      {review.rejected > 0 ? <Errors review={review} file={errorsFile} /> : null}
      {changes === 0 && !isPartial ? <p>{WORDS.nothing}</p> : null}
      <p>{WORDS.promise}</p>
      <Row>
        <Button onPress={onBack}>{WORDS.back}</Button>
        <Button look="main" isBusy={isBusy} isDisabled={changes === 0 && !isPartial} onPress={onImport}>
          {isPartial ? WORDS.importAll(total) : WORDS.import(formatNumber(changes))}
        </Button>
      </Row>
    </>
  )
}

/** The first error has the focus, so that whoever hears the page begins there. */
function Errors({ review, file }: { review: Reviewed; file: ReactNode }) {
  const rejected = review.rows.filter(({ status }) => status === 'rejected')
  const errors = rejected.flatMap(({ row, errors }) => errors.map((error, index) => ({ ...error, row, index })))
  const more = review.rejected - rejected.length
  return (
    <section className={styles['errors']}>
      <div>
        <h2>{WORDS.errors}</h2>
        <p>{WORDS.errorsText}</p>
      </div>
      <DataTable
        label={WORDS.errors}
        rows={errors}
        idOf={({ row, index }) => `${row}-${index}`}
        empty=""
        autoFocus
        columns={[
          { id: 'row', title: WORDS.row, cell: ({ row }) => row },
          { id: 'column', title: WORDS.column, cell: ({ column }) => column ?? '' },
          { id: 'value', title: WORDS.value, cell: ({ value }) => (value === null ? '' : `«${value}»`) },
          { id: 'problem', title: WORDS.problem, cell: ({ explanation }) => explanation[LOCALE] },
        ]}
      />
      {more > 0 ? <p>{WORDS.more(formatNumber(more))}</p> : null}
      <div>{file}</div>
    </section>
  )
}

/** The rows with an error as the import would leave them: to mend them before, and to import all at once. */
export function ErrorsFile({ file, mapping, count }: { file: File; mapping: Mapping; count: number }) {
  const rejected = useRejectedFile()
  return (
    <>
      <Button isBusy={rejected.isPending} onPress={() => rejected.mutate({ file, mapping })}>
        {WORDS.downloadErrors(formatNumber(count))}
      </Button>
      <Refused error={rejected.error} />
    </>
  )
}

const describe = (counts: Reviewed) =>
  KINDS.map((kind) => `${counts[kind]} ${WORDS.counts[kind](counts[kind])}`).join(', ')
