/** A level at the end of each day, which holds until the next one: no slope between them says more than is known. */
import { scaleLinear } from '@visx/scale'
import { AreaClosed, LinePath } from '@visx/shape'
import { areaOf, Frame } from './Frame.tsx'
import styles from './charts.module.css'
import { dayNumber, stepCorners, topOf } from './scales.ts'

type Props = {
  label: string
  width: number
  points: readonly { day: string; value: number }[]
  labelOf: (day: string) => string
  format: (value: number) => string
  /** What the pointer reads at a day. */
  titleOf: (day: string) => string
  /** Opens what is behind a day; the table has the same links for the keyboard. */
  onOpen?: (day: string) => void
}

const HEIGHT = 220

export function StepLine({ label, width, points, labelOf, format, titleOf, onOpen }: Props) {
  const area = areaOf(width, HEIGHT)
  const numbers = points.map(({ day }) => dayNumber(day))
  const first = numbers[0] ?? 0
  const last = numbers.at(-1) ?? 1
  const x = scaleLinear<number>({ domain: [first, Math.max(last, first + 1)], range: [0, area.width] })
  const y = scaleLinear<number>({
    domain: [0, topOf(points.map(({ value }) => value))],
    range: [area.height, 0],
    nice: 4,
  })
  const corners = stepCorners(points.map(({ day, value }) => ({ x: x(dayNumber(day)), y: y(value) })))
  const dayWidth = area.width / Math.max(1, last - first)
  const end = corners.at(-1)
  const dayOf = new Map(points.map(({ day }) => [dayNumber(day), day]))
  const newest = points.at(-1)
  return (
    <Frame
      label={label}
      width={width}
      height={HEIGHT}
      x={{ scale: x, values: numbers, labelOf: (value) => labelOf(dayOf.get(value) ?? '') }}
      y={y}
      formatY={format}
    >
      <AreaClosed
        data={corners}
        x={(point) => point.x}
        y={(point) => point.y}
        yScale={y}
        fill="var(--series-1)"
        fillOpacity={0.14}
      />
      <LinePath
        data={corners}
        x={(point) => point.x}
        y={(point) => point.y}
        stroke="var(--series-1)"
        strokeWidth={2}
        strokeLinejoin="round"
      />
      {points.map(({ day }) => (
        <rect
          key={day}
          x={x(dayNumber(day)) - dayWidth / 2}
          width={dayWidth}
          height={area.height}
          fill="transparent"
          className={onOpen ? styles['link'] : undefined}
          onClick={() => onOpen?.(day)}
        >
          <title>{titleOf(day)}</title>
        </rect>
      ))}
      {end && newest ? (
        <>
          <circle cx={end.x} cy={end.y} r={4} fill="var(--series-1)" />
          <text
            x={end.x - 8}
            y={end.y - 8}
            textAnchor="end"
            fontSize={13}
            fontWeight={600}
            fill="var(--ink)"
            className={styles['over']}
          >
            {format(newest.value)}
          </text>
        </>
      ) : null}
    </Frame>
  )
}
