/** Boxes to tick: one, or several of a group. */
import { Checkbox, CheckboxGroup, FieldError, Label } from 'react-aria-components'
import type { Option } from './Field.tsx'
import styles from './kit.module.css'

type One = { label: string; isOn: boolean; onChange: (isOn: boolean) => void }

export const Check = ({ label, isOn, onChange }: One) => (
  <Checkbox isSelected={isOn} onChange={onChange} className={styles['check']}>
    <Box />
    {label}
  </Checkbox>
)

type Several<K extends string> = {
  label: string
  options: readonly Option<K>[]
  value: readonly K[]
  error?: string | undefined
  onChange: (ids: K[]) => void
}

export function Checks<K extends string>({ label, options, value, error, onChange }: Several<K>) {
  return (
    <CheckboxGroup
      value={[...value]}
      onChange={(ids) => onChange(ids as K[])}
      isInvalid={error !== undefined}
      className={styles['field']}
    >
      <Label>{label}</Label>
      {options.map(({ id, label: name }) => (
        <Checkbox key={id} value={id} className={styles['check']}>
          <Box />
          {name}
        </Checkbox>
      ))}
      <FieldError>{error}</FieldError>
    </CheckboxGroup>
  )
}

const Box = () => (
  <span aria-hidden="true" className={styles['box']}>
    <span className={styles['mark']} />
  </span>
)
