/** The template that a form begins with. */
import type { Sendable } from '../../words/templates.ts'
import type { Event } from './event.ts'

/** What is sent of an event unless another template is chosen. A cancelled one can only be told of. */
export const usualTemplate = ({ status }: Pick<Event, 'status'>): Sendable =>
  status === 'cancelled' ? 'event_cancelled' : 'event_invitation'
