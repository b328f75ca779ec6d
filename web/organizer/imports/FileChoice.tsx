/** The first step: a list from the disk, chosen or dropped. */
import { DropZone, FileTrigger, Text } from 'react-aria-components'
import { Button } from '../../kit/Button.tsx'
import styles from './imports.module.css'
import { WORDS } from './words.ts'

const KINDS = ['.csv', '.xlsx', '.txt', 'text/csv', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet']

export function FileChoice({ onChoose }: { onChoose: (file: File) => void }) {
  return (
    <DropZone
      className={styles['drop']}
      onDrop={({ items }) => {
        const item = items.find(({ kind }) => kind === 'file')
        if (item?.kind === 'file') void item.getFile().then(onChoose)
      }}
    >
      <Text slot="label">{WORDS.drop}</Text>
      <FileTrigger acceptedFileTypes={KINDS} onSelect={(files) => files?.[0] && onChoose(files[0])}>
        <Button look="main">{WORDS.choose}</Button>
      </FileTrigger>
      <p>{WORDS.formats}</p>
      <p>{WORDS.promise}</p>
    </DropZone>
  )
}
