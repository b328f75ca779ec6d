/** The built pages: one HTML file for each app, whatever the path below it, and the hashed files that they load. */
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { existsSync } from 'node:fs'
import { Failure } from '../platform/errors.ts'
import { APPS, FILE_POLICY, isBuilt, MISSING, policyOf, WEB_FOLDER, type App } from './files.ts'

const FILE = { config: { access: 'public' as const, rateLimit: false as const }, schema: { hide: true } }
const YEAR_MS = 365 * 24 * 3600 * 1000
const ASSET = /^[\w-]+\.[\w.-]+$/
/** Of the door: its service worker and what installing it needs. They keep their names. */
const DOOR_FILE = /^[a-z0-9-]+\.(js|webmanifest|png|svg)$/

export const fileRoutes: FastifyPluginAsync = async (app) => {
  await app.register(fastifyStatic, { root: WEB_FOLDER, serve: false, preCompressed: true })

  for (const page of APPS) {
    app.get(`/${page}`, FILE, (_request, reply) => sendApp(reply, page))
    app.get<{ Params: { '*': string } }>(`/${page}/*`, FILE, (request, reply) => {
      const file = request.params['*']
      const isFile = page === 'door' && DOOR_FILE.test(file) && existsSync(`${WEB_FOLDER}/door/${file}`)
      if (!isFile) return sendApp(reply, page)
      void reply.header('cache-control', 'no-cache').header('content-security-policy', FILE_POLICY)
      // It serves `/door` too, which is above its own folder.
      void reply.header('service-worker-allowed', '/door')
      return reply.sendFile(`door/${file}`, { cacheControl: false })
    })
  }

  app.get<{ Params: { file: string } }>('/assets/:file', FILE, (request, reply) => {
    const { file } = request.params
    if (!ASSET.test(file) || !existsSync(`${WEB_FOLDER}/assets/${file}`)) throw new Failure('not_found')
    void reply.header('content-security-policy', FILE_POLICY)
    return reply.sendFile(`assets/${file}`, { immutable: true, maxAge: YEAR_MS })
  })
}

function sendApp(reply: FastifyReply, app: App): FastifyReply {
  // With no referrer at all, a browser without Sec-Fetch-Site would not tell the origin of a form either.
  void reply.headers({ 'cache-control': 'no-cache', vary: 'accept-encoding', 'referrer-policy': 'same-origin' })
  if (isBuilt(app))
    return reply.header('content-security-policy', policyOf(app)).sendFile(`${app}.html`, { cacheControl: false })
  void reply.header('content-security-policy', MISSING.policy)
  return reply.code(503).header('retry-after', 10).type('text/html; charset=utf-8').send(MISSING.html)
}
