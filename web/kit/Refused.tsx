/** Why what a person asked for was not done. Nothing without an error. */
import { explainProblem } from '../words/problems.ts'
import { isLoggedOut, LogInAgain } from './LogInAgain.tsx'
import styles from './kit.module.css'

export function Refused({ error }: { error: unknown }) {
  if (!error) return null
  const { text, folio } = explainProblem(error)
  return (
    <>
      <p role="alert" className={styles['refused']}>
        {text} {folio ? <small>{folio}</small> : null}
      </p>
      {isLoggedOut(error) ? <LogInAgain /> : null}
    </>
  )
}
