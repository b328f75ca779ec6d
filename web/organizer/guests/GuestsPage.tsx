/** Did it arrive, and what did they say? */
import { useState } from 'react'
import { $api } from '../../api/client.ts'
import { rowsOf } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { DataTable, type ColumnOf } from '../../kit/DataTable.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { GoTo } from '../../kit/GoTo.tsx'
import { More } from '../../kit/More.tsx'
import { Row } from '../../kit/Row.tsx'
import { useMayEdit } from '../../kit/session.ts'
import { Empty, Loaded } from '../../kit/State.tsx'
import { Status } from '../../kit/Status.tsx'
import { Age } from '../../kit/Time.tsx'
import { useUrl } from '../../kit/url.ts'
import { ANSWERS, DELIVERY_STATES, GUEST_STATES } from '../../words/states.ts'
import { Download } from '../shared/Download.tsx'
import { useEventPath } from '../shared/event.ts'
import { Filters } from './Filters.tsx'
import { GuestDrawer } from './GuestDrawer.tsx'
import { GuestForm } from './GuestForm.tsx'
import { lastDeliveryOf, useGuests, type Guest, type GuestsSearch } from './guests.ts'
import styles from './guests.module.css'
import { TagForm } from './TagForm.tsx'
import { SendForm } from '../shared/SendForm.tsx'
import { WORDS } from './words.ts'

const NO_FILTER = { q: undefined, status: undefined, answer: undefined, tag: undefined, deliveryStatus: undefined }

export function GuestsPage() {
  const { eventId } = useEventPath()
  const mayEdit = useMayEdit()
  const [url, setUrl] = useUrl<GuestsSearch>()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const guests = useGuests(url)
  const isFiltered = [url.q, url.status, url.answer, url.tag, url.deliveryStatus].some(Boolean)
  const add = () => setUrl({ add: true }, true)
  const rows = rowsOf(guests.data)
  return (
    <>
      <Row isApart>
        <h1>{WORDS.title}</h1>
        <Row>
          <Download className={styles['download']} href={`/events/${eventId}/guests/export?format=xlsx`}>
            {WORDS.export}
          </Download>
          <GoTo to={`/events/${eventId}/waitlist`}>{WORDS.waitlist}</GoTo>
          {mayEdit ? <GoTo to={`/events/${eventId}/import`}>{WORDS.import}</GoTo> : null}
          {mayEdit ? (
            <Button look="main" onPress={add}>
              {WORDS.add}
            </Button>
          ) : null}
        </Row>
      </Row>
      <Filters />
      {mayEdit && chosen.size > 0 ? (
        <Chosen guests={rows.filter(({ id }) => chosen.has(id))} onDone={() => setChosen(new Set())} />
      ) : null}
      <Loaded query={guests} lines={10}>
        {() => (
          <DataTable
            label={WORDS.title}
            rows={rows}
            idOf={({ id }) => id}
            columns={COLUMNS}
            onOpen={(guest) => setUrl({ guest }, true)}
            {...(mayEdit ? { selected: chosen, onSelect: setChosen } : {})}
            empty={
              isFiltered ? (
                <Empty action={<Button onPress={() => setUrl(NO_FILTER)}>{WORDS.clear}</Button>}>{WORDS.noneSo}</Empty>
              ) : (
                <Empty action={mayEdit ? <Button onPress={add}>{WORDS.add}</Button> : null}>{WORDS.none}</Empty>
              )
            }
          />
        )}
      </Loaded>
      <More pages={guests} />
      <Dialog
        title={WORDS.addTitle}
        place="drawer"
        isOpen={mayEdit && url.add === true}
        onClose={() => setUrl({ add: undefined })}
      >
        <GuestForm onDone={() => setUrl({ add: undefined })} />
      </Dialog>
      {url.guest ? <OpenGuest guestId={url.guest} onClose={() => setUrl({ guest: undefined })} /> : null}
    </>
  )
}

const COLUMNS: ColumnOf<Guest>[] = [
  { id: 'name', title: WORDS.columns.name, cell: ({ name }) => name },
  { id: 'places', title: WORDS.columns.places, isNumber: true, cell: ({ partySize }) => partySize },
  { id: 'answer', title: WORDS.columns.answer, cell: (guest) => <GuestAnswer guest={guest} /> },
  { id: 'delivery', title: WORDS.columns.delivery, cell: (guest) => <LastDelivery guest={guest} /> },
  { id: 'tags', title: WORDS.columns.tags, cell: ({ tags }) => tags.join(', ') },
]

function GuestAnswer({ guest: { status, answer } }: { guest: Guest }) {
  const { tone, text } = status === 'scanned' ? GUEST_STATES.scanned : ANSWERS[answer]
  return <Status tone={tone}>{text}</Status>
}

function LastDelivery({ guest }: { guest: Guest }) {
  const last = lastDeliveryOf(guest)
  if (guest.anonymizedAt !== null) return <span className={styles['soft']}>{WORDS.erased}</span>
  if (!last)
    return guest.phone || guest.email ? (
      <span className={styles['soft']}>{WORDS.notSent}</span>
    ) : (
      <Status tone="warn">{WORDS.noContact}</Status>
    )
  const { tone, text } = DELIVERY_STATES[last.status]
  return (
    <span className={styles['delivery']}>
      <Status tone={tone}>{text}</Status> <Age at={last.at} />
    </span>
  )
}

function OpenGuest({ guestId, onClose }: { guestId: string; onClose: () => void }) {
  const path = { ...useEventPath(), guestId }
  const guest = $api.useQuery('get', '/events/{eventId}/guests/{guestId}', { params: { path } })
  return (
    <Dialog title={guest.data?.name ?? WORDS.loading} place="drawer" isOpen onClose={onClose}>
      <Loaded query={guest}>{(data) => <GuestDrawer guest={data} onClose={onClose} />}</Loaded>
    </Dialog>
  )
}

/** What can be done with several guests at once. */
function Chosen({ guests, onDone }: { guests: Guest[]; onDone: () => void }) {
  // A message moves guests to another state, and a filter of the list may hide them; those who were chosen get it all the same.
  const [receivers, setReceivers] = useState<readonly Guest[] | null>(null)
  const [isTagging, setTagging] = useState(false)
  const finish = () => {
    setReceivers(null)
    setTagging(false)
    onDone()
  }
  return (
    <Row>
      <p className={styles['chosen']}>{WORDS.chosen(guests.length)}</p>
      <Button onPress={() => setReceivers(guests)}>{WORDS.send}</Button>
      <Button onPress={() => setTagging(true)}>{WORDS.tagAll}</Button>
      {receivers ? (
        <Dialog title={WORDS.sendTo(receivers.length)} isOpen onClose={() => setReceivers(null)}>
          <SendForm guests={receivers} onDone={finish} />
        </Dialog>
      ) : null}
      <Dialog title={WORDS.tagTo(guests.length)} isOpen={isTagging} onClose={() => setTagging(false)}>
        <TagForm guests={guests} onDone={finish} />
      </Dialog>
    </Row>
  )
}
