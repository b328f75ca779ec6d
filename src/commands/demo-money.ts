/** Tickets and payments of the demo, booked as a director would book them. */
import { assignment, book, bookPayment, type TicketKind } from '../ledger/ledger.ts'
import { sql, type Tx } from '../platform/db.ts'

const TICKET_CENTS = 2500

export const demoCause = (at: Date) => ({ by: 'usr_demo_director', requestId: 'req_demo', at })

type DemoTickets = { organizerId: string; eventId: string | null; kind: TicketKind; tickets: number; at: Date }

export async function seedTickets(tx: Tx, { organizerId, eventId, kind, tickets, at }: DemoTickets): Promise<void> {
  const entries = assignment(kind, tickets, { amountCents: tickets * TICKET_CENTS, currency: 'MXN' })
  await book(tx, { kind, organizerId, eventId, entries }, demoCause(at))
}

type DemoPayment = { organizerId: string; reference: string; method: string; amountCents: number; at: Date }

export async function seedPayment(tx: Tx, p: DemoPayment): Promise<void> {
  const { organizerId, reference, method, amountCents, at } = p
  const id = `pay_${reference.toLowerCase().replaceAll('-', '_')}`
  await sql`
    insert into payments (id, kind, organizer_id, provider, mode, status, amount_cents, received_cents, currency, method,
                          reference, reference_key, paid_at, created_by, request_id, created_at, updated_at)
    values (${id}, 'manual', ${organizerId}, 'manual', 'manual', 'confirmed', ${amountCents}, ${amountCents}, 'MXN',
            ${method}, ${reference}, ${reference}, ${at}, 'usr_demo_director', 'req_demo', ${at}, ${at})
    on conflict do nothing`.execute(tx)
  const paid = { id, organizerId, eventId: null, provider: 'manual', method, amountCents }
  await bookPayment(tx, { ...paid, currency: 'MXN' }, demoCause(at))
}
