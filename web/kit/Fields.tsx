/** The fields of a form under each other. The API's schema checks them, so the browser does not. */
import { useRef, type FormEvent, type ReactNode } from 'react'
import styles from './kit.module.css'

/** The first field that `onSubmit` finds wrong gets the focus. */
export function Fields({ onSubmit, children }: { onSubmit: (submission: FormEvent) => void; children: ReactNode }) {
  const form = useRef<HTMLFormElement>(null)
  const submit = (submission: FormEvent) => {
    onSubmit(submission)
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
  }
  return (
    <form ref={form} noValidate className={styles['fields']} onSubmit={submit}>
      {children}
    </form>
  )
}
