/** The second step: which column holds what. */
import { useState } from 'react'
import { Button } from '../../kit/Button.tsx'
import { Choice } from '../../kit/Field.tsx'
import { Row } from '../../kit/Row.tsx'
import styles from './imports.module.css'
import { FIELDS, type FieldName, type Heading } from './mapping.ts'
import { WORDS } from './words.ts'

const OPTIONS = [
  ...FIELDS.map((id) => ({ id, label: WORDS.fields[id] })),
  { id: 'none' as const, label: WORDS.leaveOut },
]

type Props = { found: readonly Heading[]; isBusy: boolean; onReview: (chosen: Heading[]) => void; onBack: () => void }

export function Columns({ found, isBusy, onReview, onBack }: Props) {
  const [chosen, setChosen] = useState<Heading[]>([...found])
  const choose = (heading: string, field: FieldName | 'none') =>
    setChosen((now) =>
      now.map((one) => {
        if (one.heading === heading) return { ...one, field: field === 'none' ? null : field }
        // What was in another column moves here.
        return one.field === field ? { ...one, field: null } : one
      }),
    )
  return (
    <>
      <div>
        <h2>{WORDS.columns}</h2>
        <p>{WORDS.columnsText}</p>
      </div>
      <div className={styles['columns']}>
        {chosen
          .filter(({ heading }) => heading !== '')
          .map(({ heading, field, example }) => (
            <Choice
              key={heading}
              label={`«${heading}»`}
              hint={example ? WORDS.example(example) : undefined}
              value={field ?? 'none'}
              options={OPTIONS}
              onChange={(id) => choose(heading, id)}
            />
          ))}
      </div>
      <Row>
        <Button onPress={onBack}>{WORDS.other}</Button>
        <Button
          look="main"
          isBusy={isBusy}
          isDisabled={!chosen.some(({ field }) => field === 'name')}
          onPress={() => onReview(chosen)}
        >
          {WORDS.review}
        </Button>
      </Row>
    </>
  )
}

/** Asks for the one column without which there is no list. */
export function NameColumn(props: { headings: string[]; onChoose: (heading: string) => void; onBack: () => void }) {
  const { headings, onChoose, onBack } = props
  const [heading, setHeading] = useState(headings[0] ?? '')
  return (
    <>
      <p role="alert">{WORDS.noName}</p>
      <div className={styles['columns']}>
        <Choice
          label={WORDS.fields.name}
          value={heading}
          options={headings.map((id) => ({ id, label: id }))}
          onChange={setHeading}
        />
      </div>
      <Row>
        <Button onPress={onBack}>{WORDS.other}</Button>
        <Button look="main" isDisabled={heading === ''} onPress={() => onChoose(heading)}>
          {WORDS.review}
        </Button>
      </Row>
    </>
  )
}
