import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../deps.ts'

export const conversationRoutes =
  (_deps: Deps): FastifyPluginAsyncTypebox =>
  async () => {}
