/** A choice of few, all in sight. */
import { Label, Radio, RadioGroup } from 'react-aria-components'
import type { Option } from './Field.tsx'
import styles from './kit.module.css'

type Props<K extends string> = { label: string; value: K; options: readonly Option<K>[]; onChange: (id: K) => void }

export function RadioChoice<K extends string>({ label, value, options, onChange }: Props<K>) {
  return (
    <RadioGroup value={value} onChange={(id) => onChange(id as K)} className={styles['field']}>
      <Label>{label}</Label>
      <div className={styles['radios']}>
        {options.map(({ id, label }) => (
          <Radio key={id} value={id} className={styles['radio']}>
            <span aria-hidden="true" className={styles['dot']} />
            {label}
          </Radio>
        ))}
      </div>
    </RadioGroup>
  )
}
