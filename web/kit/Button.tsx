/** Buttons. Their labels are verbs. */
import { Button as AriaButton, type ButtonProps } from 'react-aria-components'
import styles from './kit.module.css'

type Look = 'main' | 'plain' | 'quiet' | 'danger'

/** `isBusy`: its action is under way; a second press does nothing. */
export function Button({ look = 'plain', isBusy = false, ...props }: ButtonProps & { look?: Look; isBusy?: boolean }) {
  return <AriaButton {...props} isPending={isBusy} className={`${styles['button']} ${styles[look]}`} />
}
