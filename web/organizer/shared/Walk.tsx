/** Goes from one guest to the next: whose message is shown, and which of how many it is. */
import { Button } from '../../kit/Button.tsx'
import { formatNumber } from '../../words/formats.ts'
import styles from './message.module.css'
import { WORDS } from './words.ts'

/** `name`: absent while the guest is on the way. */
type Props = { name: string | undefined; index: number; total: number; onGo: (index: number) => void }

export function Walk({ name, index, total, onGo }: Props) {
  const heading = (
    <h2>
      {WORDS.preview} {name}
    </h2>
  )
  if (total === 1) return heading
  return (
    <div className={styles['walk']}>
      <Button isDisabled={index === 0} aria-label={WORDS.previous} onPress={() => onGo(index - 1)}>
        ‹
      </Button>
      {heading}
      <span className={styles['channel']}>{WORDS.position(formatNumber(index + 1), formatNumber(total))}</span>
      <Button isDisabled={index >= total - 1} aria-label={WORDS.next} onPress={() => onGo(index + 1)}>
        ›
      </Button>
    </div>
  )
}
