/** What can be done with a row of a table: side by side, however narrow the table is. */
import type { ReactNode } from 'react'
import styles from './parts.module.css'

export const RowActions = ({ children }: { children: ReactNode }) => <div className={styles['tight']}>{children}</div>
