/**
 * A dialog: Esc and its button close it, and the focus returns. So does a press beside it, unless something would be lost: what
 * was entered in a form, or a code that is shown this once. Its title names the object and the count.
 */
import { X } from 'lucide-react'
import { useRef, type ReactNode } from 'react'
import { Button, Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { pick } from '../words/locale.ts'
import styles from './kit.module.css'

const WORDS = pick({ es: { close: 'Cerrar ventana' }, en: { close: 'Close the window' } })

type Props = {
  title: string
  isOpen: boolean
  onClose: () => void
  /** `drawer`: at the side of the page, for the details of a row. */
  place?: 'middle' | 'drawer'
  children: ReactNode
}

export function Dialog({ title, isOpen, onClose, place = 'middle', children }: Props) {
  const box = useRef<HTMLDivElement>(null)
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(isNowOpen) => (isNowOpen ? undefined : onClose())}
      isDismissable
      shouldCloseOnInteractOutside={() => !box.current?.querySelector('form, [data-shown-once]')}
      className={`${styles['overlay']} ${styles[place]}`}
    >
      <Modal ref={box} className={styles['modal']}>
        <AriaDialog className={styles['dialog']}>
          <div className={styles['dialog-head']}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <Button slot="close" aria-label={WORDS.close} className={styles['close']}>
              <X size={20} aria-hidden="true" />
            </Button>
          </div>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
