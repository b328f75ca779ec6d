/** The third step: what the list would do, and each row that cannot be read. */
import { useEffect, useRef } from 'react'
import { Button } from '../../kit/Button.tsx'
import { DataTable } from '../../kit/DataTable.tsx'
import { Row } from '../../kit/Row.tsx'
import { say } from '../../kit/say.ts'
import { formatNumber } from '../../words/formats.ts'
import { LOCALE } from '../../words/locale.ts'
import { Counts } from './Counts.tsx'
import type { Reviewed } from './upload.ts'
import { WORDS } from './words.ts'

type Props = { review: Reviewed; isBusy: boolean; onImport: () => void; onBack: () => void }

export function Review({ review, isBusy, onImport, onBack }: Props) {
  const errors = review.rows.flatMap(({ row, errors }) => errors.map((error, index) => ({ ...error, row, index })))
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    title.current?.focus()
    say(describe(review))
  }, [review])
  const changes = review.created + review.updated
  return (
    <>
      <Counts counts={review} names={WORDS.counts} />
      {errors.length > 0 ? (
        <section>
          <h2 ref={title} tabIndex={-1}>
            {WORDS.errors}
          </h2>
          <p>{WORDS.errorsText}</p>
          <DataTable
            label={WORDS.errors}
            rows={errors}
            idOf={({ row, index }) => `${row}-${index}`}
            empty=""
            columns={[
              { id: 'row', title: WORDS.row, cell: ({ row }) => row },
              { id: 'column', title: WORDS.column, cell: ({ column }) => column ?? '' },
              { id: 'value', title: WORDS.value, cell: ({ value }) => (value === null ? '' : `«${value}»`) },
              { id: 'problem', title: WORDS.problem, cell: ({ explanation }) => explanation[LOCALE] },
            ]}
          />
          {review.rowsLeftOff > 0 ? <p>{WORDS.more(formatNumber(review.rowsLeftOff))}</p> : null}
        </section>
      ) : null}
      {changes === 0 ? <p>{WORDS.nothing}</p> : null}
      <p>{WORDS.promise}</p>
      <Row>
        <Button onPress={onBack}>{WORDS.back}</Button>
        <Button look="main" isBusy={isBusy} isDisabled={changes === 0} onPress={onImport}>
          {WORDS.import(formatNumber(changes))}
        </Button>
      </Row>
    </>
  )
}

const describe = ({ created, updated, unchanged, rejected }: Reviewed) =>
  `${created} ${WORDS.counts.created}, ${updated} ${WORDS.counts.updated}, ` +
  `${unchanged} ${WORDS.counts.unchanged}, ${rejected} ${WORDS.counts.rejected}`
