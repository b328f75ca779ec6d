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

export async function openStore() {
  const db: IDBPDatabase<Schema> = await openDB<Schema>('mt-door', 1, {
    upgrade(fresh) {
      fresh.createObjectStore('meta')
      fresh.createObjectStore('entries', { keyPath: 'hash' })
      fresh.createObjectStore('queue', { keyPath: 'scanId' })
    },
  })
  const get = async <K extends keyof Meta>(key: K) => (await db.get('meta', key)) as Meta[K] | undefined
  return {
    get,
    set: async <K extends keyof Meta>(key: K, value: Meta[K]): Promise<void> => void (await db.put('meta', value, key)),
    listWaiting: () => db.getAll('queue'),
    async readAll(): Promise<Stored> {
      const [info, recent, differences, settings, entries, queue] = await Promise.all([
        get('list'),
        get('recent'),
        get('differences'),
        get('settings'),
        db.getAll('entries'),
        db.getAll('queue'),
      ])
      return { info, recent, differences, settings, entries, queue }
    },
    /** Stores a list and its cursor together. `isWhole`: in the place of the one before. */
    async putList(info: ListInfo, entries: Iterable<Entry>, gone: readonly string[], isWhole: boolean): Promise<void> {
      const tx = db.transaction(['meta', 'entries'], 'readwrite')
      const stored = tx.objectStore('entries')
      if (isWhole) void stored.clear()
      for (const hash of gone) void stored.delete(hash)
      for (const entry of entries) void stored.put(entry)
      void tx.objectStore('meta').put(info, 'list')
      await tx.done
    },
    putEntry: async (entry: Entry): Promise<void> => void (await db.put('entries', entry)),
    /** Admitting without the server: the scan and its entry, or neither. */
    async keep(waiting: Waiting, entry: Entry | null): Promise<void> {
      const tx = db.transaction(['entries', 'queue'], 'readwrite')
      if (entry) void tx.objectStore('entries').put(entry)
      void tx.objectStore('queue').put(waiting)
      await tx.done
    },
    /** The server has answered a scan: it leaves the queue, and its entry is as the server says. */
    async settle(scanId: string, entry: Entry | null): Promise<void> {
      const tx = db.transaction(['entries', 'queue'], 'readwrite')
      if (entry) void tx.objectStore('entries').put(entry)
      void tx.objectStore('queue').delete(scanId)
      await tx.done
    },
    /** After the event: no guest's name stays. Scans that wait have codes, and no names. */
    async wipeGuests(): Promise<void> {
      const tx = db.transaction(['meta', 'entries'], 'readwrite')
      void tx.objectStore('entries').clear()
      for (const key of ['list', 'recent', 'differences']) void tx.objectStore('meta').delete(key)
      await tx.done
    },
    /** Leaving: everything goes but the settings. */
    async wipe(): Promise<void> {
      const tx = db.transaction(['meta', 'entries', 'queue'], 'readwrite')
      void tx.objectStore('entries').clear()
      void tx.objectStore('queue').clear()
      for (const key of ['session', 'list', 'recent', 'differences']) void tx.objectStore('meta').delete(key)
      await tx.done
    },
  }
}
