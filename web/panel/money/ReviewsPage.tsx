/** Which money has no owner? */
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { applyPaymentReviewBody, dismissPaymentReviewBody } from '../../api/bodies.ts'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { Confirm } from '../../kit/Confirm.tsx'
import { Choice } from '../../kit/Field.tsx'
import { checkBody } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Panel } from '../../kit/Panel.tsx'
import { Row } from '../../kit/Row.tsx'
import { RowActions } from '../../kit/RowActions.tsx'
import { say } from '../../kit/say.ts'
import { Age } from '../../kit/Time.tsx'
import { oneOf, useUrl } from '../../kit/url.ts'
import { formatMoneyIn } from '../../words/formats.ts'
import { useOrganizerNames, useOrganizers } from '../shared/organizers.ts'
import { MoneyFrame } from './MoneyFrame.tsx'
import { WORDS } from './words.ts'

type Review = Schemas['PaymentReview']
type Asked = { review: Review; what: 'apply' | 'dismiss' }

const STATES = (['open', 'applied', 'dismissed'] as const).map((id) => ({ id, label: WORDS[id] }))

const moneyOf = ({ amountCents, currency }: Review): string => formatMoneyIn(amountCents, currency)

export function ReviewsPage() {
  const [url, change] = useUrl<{ status?: string }>()
  const status = oneOf(['open', 'applied', 'dismissed'] as const, url.status) ?? 'open'
  const [asked, setAsked] = useState<Asked>()
  const reviews = $api.useInfiniteQuery('get', '/payments/reviews', { params: { query: { status } } }, BY_CURSOR)
  const nameOf = useOrganizerNames()
  return (
    <MoneyFrame>
      <Row>
        <Choice
          label={WORDS.state}
          value={status}
          options={STATES}
          onChange={(id) => change({ status: id === 'open' ? undefined : id })}
        />
      </Row>
      <Panel>
        <PagedTable<Review>
          pages={reviews}
          label={WORDS.reviews}
          idOf={({ id }) => id}
          empty={WORDS.square}
          columns={[
            {
              id: 'what',
              title: WORDS.review,
              cell: ({ kind, reason }) => `${WORDS.kinds[kind]}: ${WORDS.reviewReasons[reason]}`,
            },
            { id: 'organizer', title: WORDS.organizer, cell: ({ organizerId }) => nameOf(organizerId) },
            {
              id: 'provider',
              title: WORDS.provider,
              cell: ({ provider, providerRef }) => `${provider} ${providerRef}`,
            },
            { id: 'arrived', title: WORDS.arrived, cell: ({ createdAt }) => <Age at={createdAt} /> },
            {
              id: 'amount',
              title: WORDS.amount,
              isNumber: true,
              cell: moneyOf,
            },
            {
              id: 'decide',
              title: WORDS.decision,
              cell: (review) =>
                review.status === 'open' ? (
                  <RowActions>
                    <Button onPress={() => setAsked({ review, what: 'apply' })}>{WORDS.apply}</Button>
                    <Button onPress={() => setAsked({ review, what: 'dismiss' })}>{WORDS.dismiss}</Button>
                  </RowActions>
                ) : (
                  (review.decision ?? '—')
                ),
            },
          ]}
        />
      </Panel>
      {asked ? <Decide {...asked} onClose={() => setAsked(undefined)} /> : null}
    </MoneyFrame>
  )
}

/** Money of nobody, and money in another currency than its payment, is applied to the organizer that is chosen. */
function Decide({ review, what, onClose }: Asked & { onClose: () => void }) {
  const [organizerId, setOrganizerId] = useState(review.organizerId ?? undefined)
  const [header, settle] = useIdempotencyKey()
  const queries = useQueryClient()
  const organizers = useOrganizers()
  const apply = $api.useMutation('post', '/payments/reviews/{reviewId}/apply', { onSettled: settle })
  const dismiss = $api.useMutation('post', '/payments/reviews/{reviewId}/dismiss', { onSettled: settle })
  const params = { path: { reviewId: review.id }, header }
  const money = moneyOf(review)
  const needsOwner = what === 'apply' && (review.organizerId === null || review.reason === 'other_currency')
  const owner = needsOwner && organizerId ? { organizerId } : {}
  const check = (reason: string) =>
    what === 'apply'
      ? checkBody(applyPaymentReviewBody, { reason, ...owner })
      : checkBody(dismissPaymentReviewBody, { reason })
  const run = async (reason: string) => {
    if (what === 'apply') await apply.mutateAsync({ params, body: { reason, ...owner } })
    else await dismiss.mutateAsync({ params, body: { reason } })
    say(what === 'apply' ? WORDS.isApplied : WORDS.isDismissed)
    await queries.invalidateQueries()
  }
  return (
    <Confirm
      title={what === 'apply' ? WORDS.applyTitle(money) : WORDS.dismissTitle(money)}
      verb={what === 'apply' ? WORDS.apply : WORDS.dismiss}
      look={what === 'apply' ? 'main' : 'danger'}
      asksReason
      check={check}
      isReady={!needsOwner || organizerId !== undefined}
      run={run}
      onClose={onClose}
    >
      <p>{what === 'apply' ? WORDS.applyText : WORDS.dismissText}</p>
      {what === 'apply' && review.currency !== 'MXN' ? <p>{WORDS.otherCurrency(review.currency)}</p> : null}
      {needsOwner ? (
        <Choice
          label={WORDS.organizer}
          value={organizerId ?? null}
          options={(organizers.data?.data ?? []).map(({ id, name }) => ({ id, label: name }))}
          onChange={setOrganizerId}
        />
      ) : null}
    </Confirm>
  )
}
