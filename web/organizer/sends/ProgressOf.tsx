/** A bar of outcomes. Its percentage counts what has ended well or badly, not what has merely left. */
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { say } from '../../kit/say.ts'
import { formatNumber } from '../../words/formats.ts'
import styles from './sends.module.css'
import { percentEnded } from './progress.ts'
import type { Campaign } from './sends.ts'
import { WORDS } from './words.ts'

const OUTCOMES = ['read', 'delivered', 'sent', 'failed', 'skipped'] as const

export function ProgressOf({ campaign, isLive }: { campaign: Campaign; isLive: boolean }) {
  const { progress, isDone } = campaign
  const percent = percentEnded(progress)
  const waiting = progress.queued + progress.scheduled
  const { delivered, read, failed, skipped } = progress
  const summary = WORDS.finished(formatNumber(delivered + read), formatNumber(failed), formatNumber(skipped))
  useEffect(() => {
    if (isDone) say(summary)
  }, [isDone])
  return (
    <section className={styles['card']} aria-label={WORDS.progress}>
      <div className={styles['progress']}>
        <p className={styles['percent']}>{percent}%</p>
        <div
          role="progressbar"
          aria-label={WORDS.progress}
          aria-valuenow={percent}
          aria-valuemin={0}
          aria-valuemax={100}
          className={styles['track']}
        >
          {OUTCOMES.map((outcome) => (
            <span
              key={outcome}
              className={styles[outcome]}
              style={{ inlineSize: `${(100 * progress[outcome]) / Math.max(1, progress.total)}%` }}
            />
          ))}
        </div>
      </div>
      <ul className={styles['legend']}>
        {OUTCOMES.map((outcome) => (
          <li key={outcome}>
            <Link to="." search={{ outcome }} resetScroll={false} className={styles[`is-${outcome}`]}>
              {WORDS.outcome[outcome]} {formatNumber(progress[outcome])}
            </Link>
          </li>
        ))}
        <li>
          <span>
            {WORDS.outcome.queued} {formatNumber(waiting)}
          </span>
        </li>
      </ul>
      {isDone ? <p>{summary}</p> : <p className={styles['soft']}>{isLive ? WORDS.live : WORDS.reconnecting}</p>}
      {isDone && progress.sent > 0 ? <p>{WORDS.unconfirmed(formatNumber(progress.sent))}</p> : null}
    </section>
  )
}
