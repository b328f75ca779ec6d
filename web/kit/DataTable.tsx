/** A list as a grid: arrows move, Space selects, Enter opens. Its rows come in pages from the API. */
import type { ReactNode } from 'react'
import { Cell, Checkbox, Column, Row, Table, TableBody, TableHeader, type Selection } from 'react-aria-components'
import styles from './kit.module.css'

export type ColumnOf<R> = {
  id: string
  title: string
  /** Numbers stand right, so that their digits line up. */
  isNumber?: boolean
  cell: (row: R) => ReactNode
}

type Props<R> = {
  label: string
  columns: readonly ColumnOf<R>[]
  rows: readonly R[]
  idOf: (row: R) => string
  empty: ReactNode
  onOpen?: (id: string) => void
  selected?: ReadonlySet<string>
  onSelect?: (ids: Set<string>) => void
  /** The first row has the focus once it is there. */
  autoFocus?: boolean
}

const focusOn = (row: HTMLElement | null) => row?.focus()

/** The first column names the row. */
export function DataTable<R>(props: Props<R>) {
  const { label, columns, rows, idOf, empty, onOpen, selected, onSelect, autoFocus = false } = props
  const choose = (selection: Selection) =>
    onSelect?.(selection === 'all' ? new Set(rows.map(idOf)) : (selection as Set<string>))
  const isChosen = selected !== undefined
  return (
    <div className={styles['scroll']} tabIndex={-1}>
      <Table
        aria-label={label}
        className={styles['table']}
        selectionMode={isChosen ? 'multiple' : 'none'}
        {...(isChosen ? { selectedKeys: selected, onSelectionChange: choose } : {})}
        {...(onOpen ? { onRowAction: (key) => onOpen(String(key)) } : {})}
      >
        <TableHeader>
          {isChosen ? (
            <Column className={styles['tick']}>
              <Tick />
            </Column>
          ) : null}
          {columns.map(({ id, title, isNumber }, index) => (
            <Column key={id} id={id} isRowHeader={index === 0} className={isNumber ? styles['number'] : styles['cell']}>
              {title}
            </Column>
          ))}
        </TableHeader>
        <TableBody renderEmptyState={() => <div className={styles['state']}>{empty}</div>}>
          {rows.map((row, index) => (
            <Row
              key={idOf(row)}
              id={idOf(row)}
              className={onOpen ? styles['link'] : styles['row']}
              {...(autoFocus && index === 0 ? { ref: focusOn } : {})}
            >
              {isChosen ? (
                <Cell className={styles['tick']}>
                  <Tick />
                </Cell>
              ) : null}
              {columns.map(({ id, isNumber, cell }) => (
                <Cell key={id} className={isNumber ? styles['number'] : styles['cell']}>
                  {cell(row)}
                </Cell>
              ))}
            </Row>
          ))}
        </TableBody>
      </Table>
    </div>
  )
}

const Tick = () => (
  <Checkbox slot="selection" className={styles['box']}>
    <span aria-hidden="true" className={styles['mark']} />
  </Checkbox>
)
