import { Type } from 'typebox'
import { defineJob } from '../queue.ts'

export const runLandingTtlJob = defineJob({
  name: 'run-landing-ttl',
  queue: 'maintenanceQueue',
  data: Type.Object({}),
  run: async () => {},
})
export const catchUpLandingTtl = defineJob({
  name: 'catch-up-landing-ttl',
  queue: 'maintenanceQueue',
  data: Type.Object({}),
  run: async () => {},
})
