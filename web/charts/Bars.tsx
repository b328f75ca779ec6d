/** Bars to compare rows with each other, from zero; each may have parts. The row is a link to what is behind it. */
import { scaleLinear } from '@visx/scale'
import { Bar } from '@visx/shape'
import { topOf } from './scales.ts'
import styles from './charts.module.css'

export type BarRow = {
  id: string
  name: string
  parts: readonly number[]
  /** What stands at the end of the bar. */
  value: string
  title: string
}

type Props = {
  label: string
  width: number
  colours: readonly string[]
  rows: readonly BarRow[]
  onOpen?: (id: string) => void
}

const ROW_HEIGHT = 46
const BAR_HEIGHT = 16
const VALUE_WIDTH = 110
const GAP = 1

export function Bars({ label, width, colours, rows, onOpen }: Props) {
  const sums = rows.map(({ parts }) => parts.reduce((sum, part) => sum + part, 0))
  const x = scaleLinear<number>({ domain: [0, topOf(sums)], range: [0, Math.max(0, width - VALUE_WIDTH)] })
  return (
    <svg role="img" aria-label={label} width={width} height={rows.length * ROW_HEIGHT} className={styles['svg']}>
      {rows.map(({ id, name, parts, value, title }, index) => (
        <g
          key={id}
          transform={`translate(0 ${index * ROW_HEIGHT})`}
          className={onOpen ? styles['link'] : undefined}
          onClick={() => onOpen?.(id)}
        >
          <title>{title}</title>
          <rect width={width} height={ROW_HEIGHT} fill="transparent" />
          <text y={14} fontSize={13} fill="var(--ink)">
            {shorten(name, width)}
          </text>
          {parts.map((part, series) => {
            const before = x(parts.slice(0, series).reduce((sum, one) => sum + one, 0))
            return part > 0 ? (
              <Bar
                key={colours[series]}
                x={before}
                y={20}
                width={Math.max(1, x(part) - GAP)}
                height={BAR_HEIGHT}
                fill={colours[series]}
              />
            ) : null
          })}
          <text x={x(sums[index]!) + 8} y={33} fontSize={13} fontWeight={600} fill="var(--ink)">
            {value}
          </text>
        </g>
      ))}
    </svg>
  )
}

const LETTER_PIXELS = 7

const shorten = (name: string, width: number): string => {
  const most = Math.floor(width / LETTER_PIXELS)
  return name.length > most ? `${name.slice(0, most - 1)}…` : name
}
