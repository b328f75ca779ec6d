/** How long rows are kept that only tell what happened (decision 26). The least is what they are needed for. */
import { whole } from './variables.ts'

const DAYS_MAX = 3650
const ofEvent = (days: number, what: string) =>
  whole('Retention', days, 30, DAYS_MAX, `Days after the end of an event for which ${what} are kept.`)

export const RETENTION_VARIABLES = {
  DELIVERY_EVENTS_KEPT_DAYS: ofEvent(180, 'the statuses of its messages, one by one,'),
  DELIVERY_ATTEMPTS_KEPT_DAYS: ofEvent(180, 'the attempts to send its messages'),
  SCANS_KEPT_DAYS: ofEvent(400, 'its scans'),
  WEBHOOKS_KEPT_DAYS: whole(
    'Retention',
    30,
    8,
    DAYS_MAX,
    'Days for which webhooks of WhatsApp and Resend are kept after their work. A repetition comes within seven days.',
  ),
  PAYMENT_WEBHOOKS_KEPT_DAYS: whole(
    'Retention',
    400,
    60,
    DAYS_MAX,
    'Days for which webhooks of payment providers are kept after their work.',
  ),
}
