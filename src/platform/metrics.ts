/** Prometheus metrics. No label identifies a guest, a phone or an organizer. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof openMetrics>

export function openMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'monotickets_' })
  const registers = [registry]
  return {
    registry,
    httpSeconds: new Histogram({
      name: 'monotickets_http_request_seconds',
      help: 'Time to answer, by route and status.',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    jobSeconds: new Histogram({
      name: 'monotickets_job_seconds',
      help: 'Time of one run of a job.',
      labelNames: ['queue', 'job', 'outcome'] as const,
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30],
      registers,
    }),
    queueJobs: new Gauge({
      name: 'monotickets_queue_jobs',
      help: 'Jobs per queue and state, as of the last queue_metrics line.',
      labelNames: ['queue', 'state'] as const,
      registers,
    }),
    dueRows: new Gauge({
      name: 'monotickets_due_rows',
      help: 'Rows that are due and wait for a worker.',
      labelNames: ['table'] as const,
      registers,
    }),
    oldestDueSeconds: new Gauge({
      name: 'monotickets_oldest_due_seconds',
      help: 'Age of the oldest due row.',
      labelNames: ['table'] as const,
      registers,
    }),
    deadLetters: new Gauge({ name: 'monotickets_dead_letters', help: 'Open dead letters.', registers }),
    paymentsToReview: new Gauge({
      name: 'monotickets_payment_reviews',
      help: 'Money at a provider that waits for a person: GET /payments/reviews.',
      registers,
    }),
    paymentDifferences: new Gauge({
      name: 'monotickets_payment_differences',
      help: 'Payments that differ from their provider and are not mended: GET /payments/differences.',
      registers,
    }),
    paymentsUnknown: new Gauge({
      name: 'monotickets_payments_unknown',
      help: 'Intents whose provider has not answered; the reconciler looks for them.',
      registers,
    }),
    ledgerFaults: new Gauge({
      name: 'monotickets_ledger_faults',
      help: 'What the last check of the ledger found. Anything but 0 is a fault of the program.',
      labelNames: ['check'] as const,
      registers,
    }),
    channelPaused: new Gauge({
      name: 'monotickets_channel_paused',
      help: '1 while a channel is paused: by an operator, by the circuit breaker, or because the provider asked us to wait.',
      labelNames: ['channel'] as const,
      registers,
    }),
    deliveries: new Counter({
      name: 'monotickets_delivery_attempts_total',
      help: 'Attempts by channel and outcome.',
      labelNames: ['channel', 'outcome'] as const,
      registers,
    }),
    predictionDrift: new Gauge({
      name: 'monotickets_price_prediction_drift_ratio',
      help: 'Share of the compared WhatsApp messages of the last 30 days whose charge differed from the prediction.',
      registers,
    }),
    scans: new Counter({
      name: 'monotickets_scans_total',
      help: 'Scans by result.',
      labelNames: ['result'] as const,
      registers,
    }),
    scheduleLastSuccess: new Gauge({
      name: 'monotickets_schedule_last_success_seconds',
      help: 'Unix time at which a clock entry last succeeded.',
      labelNames: ['entry'] as const,
      registers,
    }),
  }
}
