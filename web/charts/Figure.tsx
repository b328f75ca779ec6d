/** A chart with all that belongs to it: its conclusion in words, its age, the same numbers as a table, and as files. */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { Button } from '../kit/Button.tsx'
import { Refused } from '../kit/Refused.tsx'
import { say } from '../kit/say.ts'
import { Age } from '../kit/Time.tsx'
import { pick } from '../words/locale.ts'
import { formatRatio } from '../words/formats.ts'
import styles from './charts.module.css'
import type { Format, OnProgress } from './files.ts'

const WORDS = pick({
  es: {
    zone: 'Hora de Ciudad de México',
    age: 'datos de',
    showTable: 'Ver tabla',
    showChart: 'Ver gráfica',
    saved: 'Archivo listo.',
    writing: 'Son muchas filas: estamos escribiendo el archivo.',
    save: (format: string, title: string) => `Bajar ${format}: ${title}`,
  },
  en: {
    zone: 'Mexico City time',
    age: 'data from',
    showTable: 'Show table',
    showChart: 'Show chart',
    saved: 'The file is ready.',
    writing: 'These are many rows: we are writing the file.',
    save: (format: string, title: string) => `Download ${format}: ${title}`,
  },
})
const FORMATS = ['csv', 'xlsx'] as const

/** Numbers stand right. */
export type TableOf = {
  columns: readonly { title: string; isNumber?: boolean }[]
  rows: readonly { id: string; cells: readonly ReactNode[] }[]
}
export type Legend = readonly { label: string; colour: string; isHatched?: boolean }[]

type Props = {
  title: string
  /** What the chart says, in a sentence: the name of the picture too. */
  conclusion: string
  /** When its numbers were counted; absent: they are of this moment. */
  asOf?: string | undefined
  legend?: Legend
  note?: ReactNode
  table: TableOf
  /** There is nothing to draw; the conclusion says so. */
  isEmpty?: boolean
  onSave: (format: Format, onProgress: OnProgress) => Promise<void>
  /** Draws the marks in a width of so many pixels. */
  children: (width: number) => ReactNode
}

export function Figure({ title, conclusion, asOf, legend, note, table, isEmpty = false, onSave, children }: Props) {
  const [isTable, setIsTable] = useState(false)
  const [busy, setBusy] = useState<Format | null>(null)
  const [failure, setFailure] = useState<unknown>()
  /** Of a file that is not there at once. */
  const [part, setPart] = useState<number | null>()
  const [place, width] = useWidth()
  const id = useId()
  const save = async (format: Format) => {
    setBusy(format)
    setFailure(undefined)
    let isSaid = false
    const show = (written: number | null) => {
      // Once: the numbers that follow would be read one by one.
      if (!isSaid) say(WORDS.writing)
      isSaid = true
      setPart(written)
    }
    try {
      await onSave(format, show)
      say(WORDS.saved)
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(null)
      setPart(undefined)
    }
  }
  return (
    <figure className={styles['figure']} aria-labelledby={id}>
      <div>
        <h2 id={id}>{title}</h2>
        <p className={styles['conclusion']}>{conclusion}</p>
      </div>
      {legend && !isTable && !isEmpty ? <LegendList legend={legend} /> : null}
      <div ref={place} className={styles['place']}>
        {isTable ? <FigureTable label={title} table={table} /> : width > 0 && !isEmpty ? children(width) : null}
      </div>
      <Refused error={failure} />
      {part === undefined ? null : (
        <p>
          {WORDS.writing} {part === null ? null : formatRatio(part)}
        </p>
      )}
      <figcaption>
        {note}
        <span>
          {WORDS.zone}
          {asOf === undefined ? null : (
            <>
              , {WORDS.age} <Age at={asOf} />
            </>
          )}
        </span>
        <span className={styles['actions']}>
          <Button look="quiet" aria-expanded={isTable} onPress={() => setIsTable(!isTable)}>
            {isTable ? WORDS.showChart : WORDS.showTable}
          </Button>
          {FORMATS.map((format) => (
            <Button
              key={format}
              look="quiet"
              aria-label={WORDS.save(format.toUpperCase(), title)}
              isBusy={busy === format}
              onPress={() => void save(format)}
            >
              {format.toUpperCase()}
            </Button>
          ))}
        </span>
      </figcaption>
    </figure>
  )
}

const LegendList = ({ legend }: { legend: Legend }) => (
  <ul className={styles['legend']}>
    {legend.map(({ label, colour }) => (
      <li key={label}>
        <span aria-hidden="true" className={styles['swatch']} style={{ background: colour }} />
        {label}
      </li>
    ))}
  </ul>
)

function FigureTable({ label, table: { columns, rows } }: { label: string; table: TableOf }) {
  return (
    <div className={styles['scroll']} tabIndex={0} role="region" aria-label={label}>
      <table className={styles['table']}>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" className={isNumber ? styles['number'] : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, cells }) => (
            <tr key={id}>
              {cells.map((cell, index) => (
                <td key={columns[index]!.title} className={columns[index]!.isNumber ? styles['number'] : undefined}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The width that the picture has; 0 before it is known. */
function useWidth() {
  const place = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)))
    observer.observe(place.current!)
    return () => observer.disconnect()
  }, [])
  return [place, width] as const
}
