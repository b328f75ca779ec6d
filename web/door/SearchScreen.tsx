/** Buscar: guests by name. One tap chooses, another admits: nobody comes in by a phone in a pocket. */
import { useDeferredValue, useState } from 'react'
import type { Engine } from './engine.ts'
import type { Entry } from './judge.ts'
import type { Memory } from './memory.ts'
import { findByName } from './search.ts'
import { WORDS } from './words.ts'
import styles from './door.module.css'

export function SearchScreen({ engine, memory }: { engine: Engine; memory: Memory }) {
  const [query, setQuery] = useState('')
  const wanted = useDeferredValue(query)
  const { list } = memory
  return (
    <>
      <label className={styles['field']}>
        {WORDS.name}
        <input type="search" value={query} onChange={({ target }) => setQuery(target.value)} autoComplete="off" />
      </label>
      {list ? (
        <Results found={findByName(list.entries.values(), wanted)} waiting={list.waiting} engine={engine} />
      ) : (
        <div role="status" className={styles['trouble']}>
          <p>{WORDS.noList}</p>
          <button type="button" onClick={() => void engine.refresh()} aria-disabled={memory.isLoading}>
            {WORDS.readList}
          </button>
        </div>
      )}
    </>
  )
}

type ResultsProps = { found: Entry[] | null; waiting: Map<string, number>; engine: Engine }

function Results({ found, waiting, engine }: ResultsProps) {
  if (found === null) return <p className={styles['soft']}>{WORDS.twoLetters}</p>
  if (found.length === 0) return <p role="status">{WORDS.nobody}</p>
  return (
    <ul className={styles['list']}>
      {found.map(({ hash, guestId, name, places, inside, notes }) => (
        <li key={hash}>
          <button type="button" className={styles['row']} onClick={() => void engine.choose(guestId!)}>
            <span className={styles['who']}>
              <strong>{name}</strong>
              <small>{WORDS.insideOf(inside + (waiting.get(hash) ?? 0), places)}</small>
              {notes ? <small>{notes}</small> : null}
            </span>
          </button>
        </li>
      ))}
    </ul>
  )
}
