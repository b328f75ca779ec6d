/** Fields of forms, each with its label, its hint and its error. */
import type { ReactNode } from 'react'
import {
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
  Button,
  Text,
  TextArea,
  TextField,
  type SelectProps,
  type TextFieldProps,
} from 'react-aria-components'
import { pick } from '../words/locale.ts'
import styles from './kit.module.css'

const WORDS = pick({ es: { choose: 'Elige' }, en: { choose: 'Choose' } })

type Labelled = { label: string; hint?: ReactNode; error?: string | undefined }

export function Field({
  label,
  hint,
  error,
  lines = 1,
  placeholder,
  max,
  ...props
}: TextFieldProps & Labelled & { lines?: number; placeholder?: string; max?: string }) {
  return (
    <TextField {...props} isInvalid={error !== undefined} className={styles['field']}>
      <Label>{label}</Label>
      {lines > 1 ? <TextArea rows={lines} placeholder={placeholder} /> : <Input placeholder={placeholder} max={max} />}
      {hint === undefined ? null : <Text slot="description">{hint}</Text>}
      <FieldError>{error}</FieldError>
    </TextField>
  )
}

export type Option<K extends string> = { id: K; label: string }

export function Choice<K extends string>({
  label,
  hint,
  error,
  options,
  ...props
}: Omit<SelectProps<Option<K>>, 'children' | 'onSelectionChange' | 'onChange'> &
  Labelled & { options: readonly Option<K>[]; onChange: (id: K) => void }) {
  const { onChange, ...rest } = props
  return (
    <Select
      placeholder={WORDS.choose}
      {...rest}
      isInvalid={error !== undefined}
      onChange={(key) => onChange(key as K)}
      className={styles['field']}
    >
      <Label>{label}</Label>
      <Button className={styles['chosen']}>
        <SelectValue />
        <span aria-hidden="true">▾</span>
      </Button>
      {hint === undefined ? null : <Text slot="description">{hint}</Text>}
      <FieldError>{error}</FieldError>
      <Popover className={styles['popover']}>
        <ListBox items={options}>
          {(option) => <ListBoxItem className={styles['option']}>{option.label}</ListBoxItem>}
        </ListBox>
      </Popover>
    </Select>
  )
}
