/** The ground that marks stand on: axes from zero, lines to read values by, and the name of the picture. */
import { AxisBottom, AxisLeft } from '@visx/axis'
import { Group } from '@visx/group'
import type { scaleBand, scaleLinear } from '@visx/scale'
import type { ReactNode } from 'react'
import { thin } from './scales.ts'
import styles from './charts.module.css'

const MARGIN = { top: 20, right: 12, bottom: 28, left: 64 }
const LABEL_WIDTH = 64
const TEXT = { fontSize: 12, fontFamily: 'inherit', fill: 'var(--soft)' }

export type Area = { width: number; height: number }

/** What is left for the marks. */
export const areaOf = (width: number, height: number): Area => ({
  width: Math.max(0, width - MARGIN.left - MARGIN.right),
  height: height - MARGIN.top - MARGIN.bottom,
})

/** Texts are the API's days or the like; `labelOf` shortens them. */
export type XAxis<T extends string | number> = {
  scale: ReturnType<typeof scaleBand<string>> | ReturnType<typeof scaleLinear<number>>
  values: readonly T[]
  labelOf: (value: T) => string
}

type Props<T extends string | number> = {
  label: string
  width: number
  height: number
  x: XAxis<T>
  y: ReturnType<typeof scaleLinear<number>>
  formatY: (value: number) => string
  children: ReactNode
}

export function Frame<T extends string | number>({ label, width, height, x, y, formatY, children }: Props<T>) {
  const area = areaOf(width, height)
  const ticks = y.ticks(4)
  return (
    <svg role="img" aria-label={label} width={width} height={height} className={styles['svg']}>
      <Group left={MARGIN.left} top={MARGIN.top}>
        {ticks.map((tick) => (
          <line key={tick} x1={0} x2={area.width} y1={y(tick)} y2={y(tick)} className={styles['grid']} />
        ))}
        {children}
        <AxisLeft
          scale={y}
          tickValues={ticks}
          hideAxisLine
          hideTicks
          tickFormat={(value) => formatY(Number(value))}
          tickLabelProps={{ ...TEXT, textAnchor: 'end', dx: -4, dy: 4 }}
        />
        <AxisBottom
          top={area.height}
          scale={x.scale}
          tickValues={thin(x.values, area.width / LABEL_WIDTH)}
          stroke="var(--edge)"
          hideTicks
          tickFormat={(value) => x.labelOf(value as T)}
          tickLabelProps={{ ...TEXT, textAnchor: 'middle', dy: 4 }}
        />
      </Group>
    </svg>
  )
}
