/** A dialog of the browser: Esc and Android's back close it, and the focus returns. */
import { useEffect, useRef, type ReactNode } from 'react'
import { WORDS } from './words.ts'
import styles from './door.module.css'

type Props = { title: string; onClose: () => void; children: ReactNode }

export function Popup({ title, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const opened = dialog.current
    opened?.showModal()
    return () => opened?.close()
  }, [])
  return (
    <dialog ref={dialog} aria-labelledby="popup-title" className={styles['popup']} onClose={onClose}>
      <h2 id="popup-title">{title}</h2>
      {children}
      <button type="button" className={styles['quiet']} onClick={onClose}>
        {WORDS.close}
      </button>
    </dialog>
  )
}
