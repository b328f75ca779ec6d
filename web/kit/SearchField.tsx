/** A search: Esc empties it, and `/` anywhere on the page leads to a wide one. */
import { useEffect, useRef } from 'react'
import { Input, Label, SearchField as AriaSearchField } from 'react-aria-components'
import styles from './kit.module.css'

type Props = { label: string; value: string; onChange: (value: string) => void; isWide?: boolean }

export function SearchField({ label, value, onChange, isWide = false }: Props) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => (isWide ? leadHere(input) : undefined), [isWide])
  return (
    <AriaSearchField value={value} onChange={onChange} className={`${styles['field']} ${isWide ? styles['wide'] : ''}`}>
      <Label>{label}</Label>
      <Input ref={input} />
    </AriaSearchField>
  )
}

function leadHere(input: React.RefObject<HTMLInputElement | null>): () => void {
  const listen = (event: KeyboardEvent) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select')
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    input.current?.focus()
  }
  document.addEventListener('keydown', listen)
  return () => document.removeEventListener('keydown', listen)
}
