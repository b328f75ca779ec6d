/** Which programs may use the API? */
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { Dialog } from '../../kit/Dialog.tsx'
import { GoTo } from '../../kit/GoTo.tsx'
import { Head } from '../../kit/Head.tsx'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Panel } from '../../kit/Panel.tsx'
import { Refused } from '../../kit/Refused.tsx'
import { Row } from '../../kit/Row.tsx'
import { RowActions } from '../../kit/RowActions.tsx'
import { say } from '../../kit/say.ts'
import { ShownOnce } from '../../kit/ShownOnce.tsx'
import { Age } from '../../kit/Time.tsx'
import { useUrl } from '../../kit/url.ts'
import { formatTime, ZONE } from '../../words/formats.ts'
import { OrganizerChoice } from '../shared/FilterBar.tsx'
import { useOrganizerNames } from '../shared/organizers.ts'
import { useUserNames } from '../shared/users.ts'
import { SCOPES } from '../shared/words.ts'
import { KeyForm } from './KeyForm.tsx'
import { WORDS } from './words.ts'

type Key = Schemas['ApiKey']
type Asked = { apiKey: Key; what: 'rotate' | 'remove' }

export function KeysPage() {
  const [url, change] = useUrl<{ organizerId?: string; add?: string }>()
  const [asked, setAsked] = useState<Asked>()
  const query = url.organizerId ? { organizerId: url.organizerId } : {}
  const keys = $api.useInfiniteQuery('get', '/api-keys', { params: { query } }, BY_CURSOR)
  const nameOf = useOrganizerNames()
  const userOf = useUserNames()
  return (
    <>
      <Head title={WORDS.title}>
        <GoTo to="/keys" search={(now: object) => ({ ...now, add: 'yes' })} look="main">
          {WORDS.add}
        </GoTo>
      </Head>
      <Row>
        <OrganizerChoice value={url.organizerId} onChange={(organizerId) => change({ organizerId })} />
      </Row>
      <Panel>
        <PagedTable<Key>
          pages={keys}
          label={WORDS.title}
          idOf={({ id }) => id}
          empty={WORDS.none}
          columns={[
            { id: 'name', title: WORDS.name, cell: ({ name }) => name },
            { id: 'begins', title: WORDS.begins, cell: ({ prefix }) => `${prefix}…` },
            { id: 'organizer', title: WORDS.organizer, cell: ({ organizerId }) => nameOf(organizerId) },
            {
              id: 'scopes',
              title: WORDS.scopesLabel,
              cell: ({ scopes }) => scopes.map((scope) => SCOPES[scope]).join(', '),
            },
            { id: 'by', title: WORDS.by, cell: ({ createdBy }) => userOf(createdBy) },
            {
              id: 'used',
              title: WORDS.used,
              cell: ({ lastUsedAt }) => (lastUsedAt ? <Age at={lastUsedAt} /> : WORDS.notUsed),
            },
            {
              id: 'ends',
              title: WORDS.ends,
              cell: ({ expiresAt }) => (expiresAt ? formatTime(expiresAt, ZONE) : WORDS.never),
            },
            {
              id: 'actions',
              title: WORDS.actions,
              cell: (apiKey) => (
                <RowActions>
                  {apiKey.replacedBy ? (
                    WORDS.replaced
                  ) : (
                    <Button onPress={() => setAsked({ apiKey, what: 'rotate' })}>{WORDS.rotate}</Button>
                  )}
                  <Button look="danger" onPress={() => setAsked({ apiKey, what: 'remove' })}>
                    {WORDS.remove}
                  </Button>
                </RowActions>
              ),
            },
          ]}
        />
      </Panel>
      {url.add ? <KeyForm organizerId={url.organizerId} onClose={() => change({ add: undefined })} /> : null}
      {asked?.what === 'rotate' ? <Rotate apiKey={asked.apiKey} onClose={() => setAsked(undefined)} /> : null}
      {asked?.what === 'remove' ? <Remove apiKey={asked.apiKey} onClose={() => setAsked(undefined)} /> : null}
    </>
  )
}

function Rotate({ apiKey, onClose }: { apiKey: Key; onClose: () => void }) {
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const rotate = $api.useMutation('post', '/api-keys/{keyId}/rotate', {
    onSuccess: () => void queries.invalidateQueries({ queryKey: ['get', '/api-keys'] }),
    onSettled: settle,
  })
  return (
    <Dialog title={WORDS.rotateTitle(apiKey.name)} isOpen onClose={onClose}>
      <p>{WORDS.rotateText}</p>
      <Refused error={rotate.error} />
      {rotate.data ? (
        <ShownOnce label={WORDS.key} text={rotate.data.key} />
      ) : (
        <Row>
          <Button
            look="main"
            isBusy={rotate.isPending}
            onPress={() => rotate.mutate({ params: { path: { keyId: apiKey.id }, header }, body: {} })}
          >
            {WORDS.rotate}
          </Button>
        </Row>
      )}
    </Dialog>
  )
}

function Remove({ apiKey, onClose }: { apiKey: Key; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = $api.useMutation('delete', '/api-keys/{keyId}')
  return (
    <Confirm
      title={WORDS.removeTitle(apiKey.name)}
      verb={WORDS.remove}
      run={async () => {
        await remove.mutateAsync({ params: { path: { keyId: apiKey.id } } })
        say(WORDS.removed)
        await queries.invalidateQueries({ queryKey: ['get', '/api-keys'] })
      }}
      onClose={onClose}
    >
      {WORDS.removeText}
    </Confirm>
  )
}
