/**
 * What the door keeps on this device (IndexedDB): who it is, the list of guests, and the scans that wait to be uploaded.
 *
 * The token of a device is kept here, because it must outlive a restart without a network. An HttpOnly cookie would keep it from
 * scripts; here a script of this origin could read it. The policy lets none but our own run, the token opens one door of one
 * event, it ends with that event, and deleting the device ends it at once.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { Entry } from './judge.ts'
import type { Stored } from './memory.ts'
import type { Difference, ListInfo, Recent, Session, Settings, Waiting } from './records.ts'

type Meta = { session: Session; list: ListInfo; recent: Recent[]; differences: Difference[]; settings: Settings }

interface Schema extends DBSchema {
  meta: { key: string; value: Meta[keyof Meta] }
  entries: { key: string; value: Entry }
  queue: { key: string; value: Waiting }
}

export type Store = Awaited<ReturnType<typeof openStore>>

type Database = IDBPDatabase<Schema>

const open = (): Promise<Database> =>
  openDB<Schema>('mt-door', 1, {
    upgrade(fresh) {
      fresh.createObjectStore('meta')
      fresh.createObjectStore('entries', { keyPath: 'hash' })
      fresh.createObjectStore('queue', { keyPath: 'scanId' })
    },
  })

export async function openStore() {
  let db = await open()
  let tell: (isSaved: boolean) => void = () => {}

  /** Browsers close the connection of a page that slept, so it is opened once more. */
  async function use<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const before = db
    try {
      return await work(before)
    } catch {
      if (db === before) {
        before.close()
        db = await open()
      }
      return work(db)
    }
  }

  /** The door goes on in memory when nothing can be stored; whoever watches is told. */
  async function write(work: (db: Database) => Promise<unknown>): Promise<void> {
    await use(work).then(
      () => tell(true),
      () => tell(false),
    )
  }
  const get = <K extends keyof Meta>(key: K) => use(async (on) => (await on.get('meta', key)) as Meta[K] | undefined)
  return {
    get,
    /** `onWrite`: whether what was to be stored is. */
    watch(onWrite: (isSaved: boolean) => void): void {
      tell = onWrite
    },
    set: <K extends keyof Meta>(key: K, value: Meta[K]): Promise<void> => write((on) => on.put('meta', value, key)),
    listWaiting: () => use((on) => on.getAll('queue')),
    async readAll(): Promise<Stored> {
      const [info, recent, differences, settings, entries, queue] = await Promise.all([
        get('list'),
        get('recent'),
        get('differences'),
        get('settings'),
        use((on) => on.getAll('entries')),
        use((on) => on.getAll('queue')),
      ])
      return { info, recent, differences, settings, entries, queue }
    },
    /** Stores a list and its cursor together. `isWhole`: in the place of the one before. */
    putList(info: ListInfo, entries: Iterable<Entry>, gone: readonly string[], isWhole: boolean): Promise<void> {
      return write(async (on) => {
        const tx = on.transaction(['meta', 'entries'], 'readwrite')
        const stored = tx.objectStore('entries')
        if (isWhole) void stored.clear()
        for (const hash of gone) void stored.delete(hash)
        for (const entry of entries) void stored.put(entry)
        void tx.objectStore('meta').put(info, 'list')
        await tx.done
      })
    },
    putEntry: (entry: Entry): Promise<void> => write((on) => on.put('entries', entry)),
    /** Admitting without the server: the scan and its entry, or neither. */
    keep(waiting: Waiting, entry: Entry | null): Promise<void> {
      return write(async (on) => {
        const tx = on.transaction(['entries', 'queue'], 'readwrite')
        if (entry) void tx.objectStore('entries').put(entry)
        void tx.objectStore('queue').put(waiting)
        await tx.done
      })
    },
    /** The server has answered a scan: it leaves the queue, and its entry is as the server says. */
    settle(scanId: string, entry: Entry | null): Promise<void> {
      return write(async (on) => {
        const tx = on.transaction(['entries', 'queue'], 'readwrite')
        if (entry) void tx.objectStore('entries').put(entry)
        void tx.objectStore('queue').delete(scanId)
        await tx.done
      })
    },
    /** After the event: no guest's name stays. Scans that wait have codes, and no names. */
    wipeGuests(): Promise<void> {
      return write(async (on) => {
        const tx = on.transaction(['meta', 'entries'], 'readwrite')
        void tx.objectStore('entries').clear()
        for (const key of ['list', 'recent', 'differences']) void tx.objectStore('meta').delete(key)
        await tx.done
      })
    },
    /** Leaving: everything goes but the settings. */
    wipe(): Promise<void> {
      return use(async (on) => {
        const tx = on.transaction(['meta', 'entries', 'queue'], 'readwrite')
        void tx.objectStore('entries').clear()
        void tx.objectStore('queue').clear()
        for (const key of ['session', 'list', 'recent', 'differences']) void tx.objectStore('meta').delete(key)
        await tx.done
      })
    },
  }
}
