/** Shares over days, from 0 to 100 %. A day without a share is a gap; a share of few people, or one that is not final, is hollow. */
import { scaleLinear } from '@visx/scale'
import { LinePath } from '@visx/shape'
import { areaOf, Frame } from './Frame.tsx'
import { dayNumber, isFew } from './scales.ts'
import styles from './charts.module.css'

/** `n`: of how many the share is. `isUnfinished`: it will change, so no line leads to it. */
export type Share = { day: string; value: number | null; n: number; title: string; isUnfinished?: boolean }
export const isHollow = ({ n, isUnfinished }: Pick<Share, 'n' | 'isUnfinished'>): boolean =>
  isFew(n) || isUnfinished === true

export type Line = { label: string; colour: string; points: readonly Share[] }

type Props = {
  label: string
  width: number
  lines: readonly Line[]
  labelOf: (day: string) => string
  format: (value: number) => string
  onOpen?: (day: string) => void
}

const HEIGHT = 220

export function Lines({ label, width, lines, labelOf, format, onOpen }: Props) {
  const area = areaOf(width, HEIGHT)
  const days = [...new Set(lines.flatMap(({ points }) => points.map(({ day }) => day)))].sort()
  const numbers = days.map(dayNumber)
  const first = numbers[0] ?? 0
  const last = numbers.at(-1) ?? 1
  const pad = Math.max(1, (last - first) * 0.04)
  const x = scaleLinear<number>({ domain: [first - pad, last + pad], range: [0, area.width] })
  const y = scaleLinear<number>({ domain: [0, 1], range: [area.height, 0] })
  const dayOf = new Map(days.map((day) => [dayNumber(day), day]))
  return (
    <Frame
      label={label}
      width={width}
      height={HEIGHT}
      x={{ scale: x, values: spread(numbers, x), labelOf: (value) => labelOf(dayOf.get(value) ?? '') }}
      y={y}
      formatY={format}
    >
      {lines.map((line) => (
        <g key={line.label}>
          <LinePath<Share>
            data={[...line.points]}
            x={({ day }) => x(dayNumber(day))}
            y={({ value }) => y(value ?? 0)}
            defined={({ value, isUnfinished }) => value !== null && !isUnfinished}
            stroke={line.colour}
            strokeWidth={2}
          />
          {line.points.map((point) =>
            point.value === null ? null : (
              <circle
                key={point.day}
                cx={x(dayNumber(point.day))}
                cy={y(point.value)}
                r={5}
                fill={isHollow(point) ? 'var(--paper)' : line.colour}
                stroke={line.colour}
                strokeWidth={2}
                className={onOpen ? styles['link'] : undefined}
                onClick={() => onOpen?.(point.day)}
              >
                <title>{point.title}</title>
              </circle>
            ),
          )}
        </g>
      ))}
    </Frame>
  )
}

const LABEL_PIXELS = 64

/** The days whose labels do not touch, from the newest on. */
function spread(numbers: readonly number[], x: (value: number) => number): number[] {
  const kept: number[] = []
  for (const value of numbers.toReversed())
    if (kept.length === 0 || x(kept.at(-1)!) - x(value) >= LABEL_PIXELS) kept.push(value)
  return kept.toReversed()
}
