/** Columns over time, stacked by series: how much in each day, week or month. An unfinished one is hatched. */
import { scaleBand, scaleLinear } from '@visx/scale'
import { Bar } from '@visx/shape'
import { useId } from 'react'
import { areaOf, Frame } from './Frame.tsx'
import { topOf } from './scales.ts'
import styles from './charts.module.css'

export type Column = {
  id: string
  /** One for each series, from the ground up. */
  parts: readonly number[]
  isUnfinished?: boolean
  /** What the pointer reads. */
  title: string
}

type Props = {
  label: string
  width: number
  colours: readonly string[]
  columns: readonly Column[]
  labelOf: (id: string) => string
  format: (value: number) => string
  /** Opens the list behind a column; the table has the same links for the keyboard. */
  onOpen?: (id: string) => void
}

const HEIGHT = 220
const GAP = 1
const WIDTH_MAX = 56

export function Columns({ label, width, colours, columns, labelOf, format, onOpen }: Props) {
  const area = areaOf(width, HEIGHT)
  const ids = columns.map(({ id }) => id)
  const x = scaleBand<string>({ domain: ids, range: [0, area.width], padding: 0.3 })
  const sums = columns.map(({ parts }) => parts.reduce((sum, part) => sum + part, 0))
  const y = scaleLinear<number>({ domain: [0, topOf(sums)], range: [area.height, 0], nice: 4 })
  const hatch = useId()
  const columnWidth = Math.min(WIDTH_MAX, x.bandwidth())
  const leftOf = (id: string) => (x(id) ?? 0) + (x.bandwidth() - columnWidth) / 2
  return (
    <Frame label={label} width={width} height={HEIGHT} x={{ scale: x, values: ids, labelOf }} y={y} formatY={format}>
      <defs>
        {colours.map((colour, series) => (
          <Hatch key={colour} id={`${hatch}-${series}`} colour={colour} />
        ))}
      </defs>
      {columns.map(({ id, parts, isUnfinished, title }) => (
        <g key={id} className={onOpen ? styles['link'] : undefined} onClick={() => onOpen?.(id)}>
          <title>{title}</title>
          <rect x={x(id)} y={0} width={x.bandwidth()} height={area.height} fill="transparent" />
          {parts.map((part, series) => {
            const below = parts.slice(0, series).reduce((sum, one) => sum + one, 0)
            const top = y(below + part)
            return part > 0 ? (
              <Bar
                key={colours[series]}
                x={leftOf(id)}
                y={top}
                width={columnWidth}
                height={Math.max(1, y(below) - top - (below > 0 ? GAP : 0))}
                fill={isUnfinished ? `url(#${hatch}-${series})` : colours[series]!}
                stroke={isUnfinished ? colours[series]! : 'none'}
              />
            ) : null
          })}
        </g>
      ))}
    </Frame>
  )
}

const Hatch = ({ id, colour }: { id: string; colour: string }) => (
  <pattern id={id} width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
    <rect width={3} height={6} fill={colour} />
  </pattern>
)
