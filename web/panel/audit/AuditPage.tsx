/** Who changed what, and what was it before? */
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR, rowsOf } from '../../api/pages.ts'
import { DateField } from '../../kit/DateField.tsx'
import { Choice } from '../../kit/Field.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { Head } from '../../kit/Head.tsx'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Facts, Panel } from '../../kit/Panel.tsx'
import { Row } from '../../kit/Row.tsx'
import { useUrl } from '../../kit/url.ts'
import { toInstant } from '../../kit/zone.ts'
import { formatTime, ZONE } from '../../words/formats.ts'
import { useOrganizerNames } from '../shared/organizers.ts'
import { useUserNames, useUsers } from '../shared/users.ts'
import { describeValue, nameField } from './fields.ts'
import { KINDS, nameAction, WORDS } from './words.ts'
import styles from './audit.module.css'

type Entry = Schemas['AuditEntry']
type Url = { entity?: string; actor?: string; from?: string; to?: string; entry?: string }

const ANYONE = 'anyone'

/** The entry that was opened may have left the list when its filters change; then nothing is open. */
export function AuditPage() {
  const [url, change] = useUrl<Url>()
  const query = {
    ...(url.entity ? { entity: url.entity } : {}),
    ...(url.actor ? { actor: url.actor } : {}),
    ...(url.from ? { from: toInstant(`${url.from}T00:00`, ZONE) } : {}),
    ...(url.to ? { to: toInstant(`${url.to}T23:59:59.999`, ZONE) } : {}),
  }
  const entries = $api.useInfiniteQuery('get', '/audit', { params: { query } }, BY_CURSOR)
  const people = useUsers().data?.data ?? []
  const userOf = useUserNames()
  const nameOf = useOrganizerNames()
  const opened = rowsOf<Entry>(entries.data).find(({ id }) => id === url.entry)
  return (
    <>
      <Head title={WORDS.title} />
      <Row>
        <Choice
          label={WORDS.who}
          value={url.actor ?? ANYONE}
          options={[{ id: ANYONE, label: WORDS.anyone }, ...people.map(({ id, name }) => ({ id, label: name }))]}
          onChange={(id) => change({ actor: id === ANYONE ? undefined : id })}
        />
        <Choice
          label={WORDS.kind}
          value={url.entity ?? ANYONE}
          options={[
            { id: ANYONE, label: WORDS.any },
            // An address may name the id of one object instead.
            ...(url.entity && !KINDS[url.entity] ? [{ id: url.entity, label: url.entity }] : []),
            ...Object.entries(KINDS).map(([id, label]) => ({ id, label })),
          ]}
          onChange={(id) => change({ entity: id === ANYONE ? undefined : id })}
        />
        <DateField label={WORDS.from} canBeEmpty value={url.from ?? ''} onChange={(from) => change({ from })} />
        <DateField label={WORDS.to} canBeEmpty value={url.to ?? ''} onChange={(to) => change({ to })} />
      </Row>
      <Panel>
        <PagedTable<Entry>
          pages={entries}
          label={WORDS.title}
          idOf={({ id }) => id}
          empty={WORDS.none}
          onOpen={(entry) => change({ entry }, true)}
          columns={[
            { id: 'what', title: WORDS.what, cell: ({ action }) => nameAction(action) },
            { id: 'who', title: WORDS.who, cell: ({ actor }) => userOf(actor) },
            { id: 'object', title: WORDS.object, cell: ({ entityId }) => entityId },
            { id: 'organizer', title: WORDS.organizer, cell: ({ organizerId }) => nameOf(organizerId) },
            { id: 'when', title: WORDS.when, cell: ({ at }) => formatTime(at, ZONE) },
          ]}
        />
      </Panel>
      {opened ? (
        <Dialog place="drawer" isOpen title={nameAction(opened.action)} onClose={() => change({ entry: undefined })}>
          <Facts
            facts={[
              [WORDS.who, userOf(opened.actor)],
              [WORDS.when, formatTime(opened.at, ZONE)],
              [WORDS.object, opened.entityId],
              [WORDS.request, opened.requestId],
            ]}
          />
          <Changes entry={opened} />
        </Dialog>
      ) : null}
    </>
  )
}

/** The fields that differ, side by side. */
function Changes({ entry: { entity, before, after } }: { entry: Entry }) {
  const was = (before ?? {}) as Record<string, unknown>
  const is = (after ?? {}) as Record<string, unknown>
  const currency = typeof is['currency'] === 'string' ? is['currency'] : null
  const show = (field: string, value: unknown) => describeValue(field, value, { entity, currency })
  const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
    (field) => JSON.stringify(was[field] ?? null) !== JSON.stringify(is[field] ?? null),
  )
  if (fields.length === 0) return <p>{WORDS.nothing}</p>
  return (
    <table className={styles['changes']}>
      <caption>{WORDS.changes}</caption>
      <thead>
        <tr>
          <th scope="col">{WORDS.field}</th>
          <th scope="col">{WORDS.before}</th>
          <th scope="col">{WORDS.after}</th>
        </tr>
      </thead>
      <tbody>
        {fields.map((field) => (
          <tr key={field}>
            <th scope="row">{nameField(field)}</th>
            <td>{show(field, was[field])}</td>
            <td>{show(field, is[field])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
