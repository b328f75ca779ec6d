/** Compares WhatsApp's predicted charges with the billed ones; a difference means that estimates are wrong. */
import { sql, type Db } from '../platform/db.ts'
import { findFreshness } from './sql.ts'

/** Compared days, in Mexico City's time zone. */
export const COMPARED_DAYS = 30
/** Fewer messages are too few for a warning. */
const COMPARED_MIN = 100
const DRIFT_MAX = 0.02

export type Predictions = { compared: number; drifted: number; otherCategory: number; otherCharge: number }

/** Sums the predictions of the last 30 days from the view. */
export async function sumPredictions(db: Db, organizerId: string | null, now: Date): Promise<Predictions> {
  const { rows } = await sql<Predictions>`
    select coalesce(sum(compared), 0)::bigint as compared, coalesce(sum(drifted), 0)::bigint as drifted,
           coalesce(sum(other_category), 0)::bigint as other_category, coalesce(sum(other_charge), 0)::bigint as other_charge
      from kpi_predictions
     where day > (${now}::timestamptz at time zone 'America/Mexico_City')::date - ${COMPARED_DAYS}::integer
       and (${organizerId}::text is null or organizer_id = ${organizerId})`.execute(db)
  return rows[0]!
}

export const shareOf = ({ compared, drifted }: Predictions): number | null =>
  compared === 0 ? null : drifted / compared

/** The share of now, over all organizers. Null while there is nothing to compare, or the views have no data. */
export async function findDriftShare(db: Db, now: Date): Promise<number | null> {
  const { asOf } = await findFreshness(db)
  return asOf ? shareOf(await sumPredictions(db, null, now)) : null
}

/** Whether the drift deserves a warning: the price list, approved categories or WhatsApp's rules may have changed. */
export const isDrifting = (predictions: Predictions): boolean =>
  predictions.compared >= COMPARED_MIN && shareOf(predictions)! > DRIFT_MAX
