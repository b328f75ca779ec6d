/**
 * A day, or a time of a day, whose change is seen at once, such as in a filter. What is typed is a text of its own until it is
 * complete: the days on the way to it, such as those of the year 0002, are nobody's wish. It is taken with Enter, or when the
 * field is left; a day that was picked with the pointer, at once.
 */
import { useRef, useState } from 'react'
import { Field } from './Field.tsx'

const COMPLETE = /^[12]\d{3}-\d\d-\d\d(T\d\d:\d\d)?$/

type Props = {
  label: string
  /** `2026-12-26`, or `2026-12-26T18:05`; or empty. */
  value: string
  onChange: (value: string) => void
  withTime?: boolean
  /** Absent: an empty field takes its last value back. */
  canBeEmpty?: boolean
  /** The last day that may be chosen. A later one that is typed is not taken. */
  max?: string
  error?: string | undefined
}

export function DateField({ label, value, onChange, withTime = false, canBeEmpty = false, max, error }: Props) {
  const [draft, setDraft] = useState<string>()
  const isTyping = useRef(false)
  const isLate = (text: string) => max !== undefined && text > max
  const take = (text: string) => {
    setDraft(undefined)
    if (text === value || isLate(text)) return
    if (COMPLETE.test(text) || (text === '' && canBeEmpty)) onChange(text)
  }
  const takeFrom = (target: EventTarget) => {
    const input = target as HTMLInputElement
    isTyping.current = false
    // Half a date is empty for the browser too.
    take(input.validity.badInput ? value : input.value)
  }
  return (
    <Field
      label={label}
      type={withTime ? 'datetime-local' : 'date'}
      value={draft ?? value}
      error={error}
      {...(max === undefined ? {} : { max })}
      onChange={(text) => (isTyping.current ? setDraft(text) : take(text))}
      onKeyDown={({ key, target }) => {
        if (key === 'Enter') takeFrom(target)
        else isTyping.current = true
      }}
      onBlur={({ target }) => takeFrom(target)}
    />
  )
}
