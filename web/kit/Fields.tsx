/** The fields of a form under each other. The API's schema checks them, so the browser does not. */
import { useEffect, useRef, type FormEvent, type ReactNode } from 'react'
import styles from './kit.module.css'

/** The first field that `onSubmit` finds wrong gets the focus, or that the API refuses before something else is typed. */
export function Fields({ onSubmit, children }: { onSubmit: (submission: FormEvent) => void; children: ReactNode }) {
  const form = useRef<HTMLFormElement>(null)
  const isSubmitted = useRef(false)
  const focusWrong = () => {
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')
    if (!wrong || !isSubmitted.current) return
    isSubmitted.current = false
    wrong.focus()
  }
  useEffect(focusWrong)
  const submit = (submission: FormEvent) => {
    onSubmit(submission)
    isSubmitted.current = true
    requestAnimationFrame(focusWrong)
  }
  const type = () => {
    isSubmitted.current = false
  }
  return (
    <form ref={form} noValidate className={styles['fields']} onSubmit={submit} onInput={type}>
      {children}
    </form>
  )
}
