import { Type } from 'typebox'
import { defineJob } from '../queue.ts'

export const refreshKpisJob = defineJob({
  name: 'refresh-kpis',
  queue: 'maintenanceQueue',
  data: Type.Object({}),
  run: async () => {},
})
