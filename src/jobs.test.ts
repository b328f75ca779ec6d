import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from './platform/config.ts'
import { JOBS } from './jobs.ts'
import { QUEUE_NAMES } from './platform/queue.ts'
import { listSchedule } from './schedule.ts'

test('every job has a name of its own, as verb-noun, and a queue that exists', () => {
  const names = JOBS.map(({ name }) => name)

  assert.equal(new Set(names).size, names.length)
  for (const { name, queue } of JOBS) {
    assert.match(name, /^[a-z]+(-[a-z0-9]+)+$/)
    assert.ok(QUEUE_NAMES.includes(queue), `${name} is on ${queue}`)
  }
})

test('what the clock runs is in the list of jobs, or its queue would not know it', () => {
  const known = new Set(JOBS.map(({ name }) => name))

  for (const { job } of listSchedule({ config: loadConfig({}) })) assert.ok(known.has(job.name), job.name)
})

test('the landing job is at the hour, minute and time zone of the environment', () => {
  const env = { LANDING_JOB_HOUR: '4', LANDING_JOB_MINUTE: '5', LANDING_JOB_TIME_ZONE: 'America/Tijuana' }

  const entry = listSchedule({ config: loadConfig(env) }).find(({ job }) => job.name === 'run-landing-ttl')

  assert.ok(entry && 'at' in entry)
  assert.equal(entry.at, '5 4 * * *')
  assert.equal(entry.timeZone, 'America/Tijuana')
})
