/** The movements of the ledger, in the same words for the Director and for organizers. */
import type { Schemas } from '../api/client.ts'
import { pick } from './locale.ts'

export const MOVEMENTS: Record<Schemas['Movement']['kind'], string> = pick({
  es: {
    loan: 'Boletos a crédito',
    prepaid: 'Boletos prepagados',
    payment: 'Pago',
    refund: 'Devolución',
    dispute: 'Contracargo abierto',
    dispute_won: 'Contracargo ganado',
    dispute_lost: 'Contracargo perdido',
    fee: 'Comisión',
    use: 'Uso de boletos',
    write_off: 'Condonación',
    reversal: 'Reverso',
  },
  en: {
    loan: 'Tickets on credit',
    prepaid: 'Prepaid tickets',
    payment: 'Payment',
    refund: 'Refund',
    dispute: 'Dispute opened',
    dispute_won: 'Dispute won',
    dispute_lost: 'Dispute lost',
    fee: 'Fee',
    use: 'Use of tickets',
    write_off: 'Write-off',
    reversal: 'Reversal',
  },
})
