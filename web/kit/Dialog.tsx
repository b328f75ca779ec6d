/** A dialog: Esc closes it and the focus returns. Its title names the object and the count. */
import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import styles from './kit.module.css'

type Props = {
  title: string
  isOpen: boolean
  onClose: () => void
  /** `drawer`: at the side of the page, for the details of a row. */
  place?: 'middle' | 'drawer'
  children: ReactNode
}

export function Dialog({ title, isOpen, onClose, place = 'middle', children }: Props) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(isNowOpen) => (isNowOpen ? undefined : onClose())}
      isDismissable
      className={`${styles['overlay']} ${styles[place]}`}
    >
      <Modal className={styles['modal']}>
        <AriaDialog className={styles['dialog']}>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
