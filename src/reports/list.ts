/** THE LIST OF REPORTS. */
import { confirmation, showUp, ticketsUsage, whatsappCost, whatsappEvents } from './guest-reports.ts'
import { debt, debtAgeing, payments, topOrganizers } from './money-reports.ts'
import type { Report } from './report.ts'

export const REPORTS: Report[] = [
  topOrganizers,
  debt,
  debtAgeing,
  ticketsUsage,
  payments,
  confirmation,
  showUp,
  whatsappCost,
  whatsappEvents,
]
