/** Asks before something is done that others will notice. Its button says what; a reason is kept for those who look later. */
import { useState, type ReactNode } from 'react'
import { pick } from '../words/locale.ts'
import { Button } from './Button.tsx'
import { Dialog } from './Dialog.tsx'
import { Field } from './Field.tsx'
import { Fields } from './Fields.tsx'
import type { FieldErrors } from './forms.ts'
import { Refused } from './Refused.tsx'
import { Row } from './Row.tsx'

const WORDS = pick({
  es: { reason: '¿Por qué?', missing: 'Escribe por qué.', back: 'Volver' },
  en: { reason: 'Why?', missing: 'Write why.', back: 'Go back' },
})

type Props = {
  title: string
  /** What happens, in a sentence. */
  children: ReactNode
  verb: string
  look?: 'main' | 'danger'
  /** `optional`: it may stay empty. */
  asksReason?: boolean | 'optional'
  /** In the place of «why?». */
  reasonLabel?: string
  reasonHint?: string
  /** Checks what `run` would send with a reason. While it finds something, nothing is sent and the reason shows it. */
  check?: (reason: string) => FieldErrors
  /** Whether what it needs beside the reason is there. */
  isReady?: boolean
  /** Does it; the dialog closes when it is done and stays with the reason when it fails. */
  run: (reason: string) => Promise<unknown>
  onClose: () => void
}

export function Confirm({
  title,
  children,
  verb,
  look = 'danger',
  asksReason = false,
  reasonLabel = WORDS.reason,
  reasonHint,
  check = () => ({}),
  isReady = true,
  run,
  onClose,
}: Props) {
  const [reason, setReason] = useState('')
  const [wrong, setWrong] = useState<string>()
  const [error, setError] = useState<unknown>()
  const [isBusy, setIsBusy] = useState(false)
  const submit = async () => {
    if (!isReady) return
    const given = reason.trim()
    if (asksReason === true && given === '') return setWrong(WORDS.missing)
    const [found] = given === '' ? [] : Object.values(check(given))
    setWrong(found)
    if (found) return
    setIsBusy(true)
    try {
      await run(given)
      onClose()
    } catch (failure) {
      setError(failure)
      setIsBusy(false)
    }
  }
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <Fields
        onSubmit={(submission) => {
          submission.preventDefault()
          void submit()
        }}
      >
        <div>{children}</div>
        <Refused error={error} />
        {asksReason ? (
          <Field
            label={reasonLabel}
            hint={reasonHint}
            value={reason}
            onChange={setReason}
            error={wrong}
            lines={2}
            autoFocus={asksReason === true}
          />
        ) : null}
        <Row>
          <Button look={look} type="submit" isBusy={isBusy} isDisabled={!isReady}>
            {verb}
          </Button>
          <Button look="quiet" onPress={onClose}>
            {WORDS.back}
          </Button>
        </Row>
      </Fields>
    </Dialog>
  )
}
