import { Type } from 'typebox'
import { defineJob } from '../queue.ts'

const ById = Type.Object({ inboundEventId: Type.String() })
export const processWaEvent = defineJob({
  name: 'process-wa-event',
  queue: 'waInboundQueue',
  data: ById,
  run: async () => {},
})
export const processPaymentEvent = defineJob({
  name: 'process-payment-event',
  queue: 'paymentsQueue',
  data: ById,
  run: async () => {},
})
export const sweepInboundEvents = defineJob({
  name: 'sweep-inbound-events',
  queue: 'maintenanceQueue',
  data: Type.Object({}),
  run: async () => {},
})
