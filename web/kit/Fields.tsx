/** The fields of a form under each other. The API's schema checks them, so the browser does not. */
import type { FormEvent, ReactNode } from 'react'
import styles from './kit.module.css'

export function Fields({ onSubmit, children }: { onSubmit: (submission: FormEvent) => void; children: ReactNode }) {
  return (
    <form noValidate className={styles['fields']} onSubmit={onSubmit}>
      {children}
    </form>
  )
}
