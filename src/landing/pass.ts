/** The files that a guest takes from the page: the QR for the door and the calendar entry. */
import QRCode from 'qrcode'
import type { CalendarEvent } from './sql.ts'

/**
 * The QR contains only the signed pass. Capitals, digits and hyphens fit QR's alphanumeric mode, so its squares, 41 a side, stay
 * large enough to scan from a dim screen.
 */
const LOOK = { errorCorrectionLevel: 'M', margin: 4 } as const

export const drawQrSvg = (pass: string): Promise<string> => QRCode.toString(pass, { ...LOOK, type: 'svg' })

/** About 600 pixels wide: sharp in a message and on paper. */
export const drawQrPng = (pass: string): Promise<Buffer> => QRCode.toBuffer(pass, { ...LOOK, type: 'png', width: 600 })

/**
 * Writes one event as iCalendar (RFC 5545): UTC times, escaped text, lines folded at 75 octets, CRLF. The entry keeps its UID,
 * and SEQUENCE grows when the event moves, so a calendar that imports it again moves its own entry.
 */
export function writeCalendar(event: CalendarEvent, url: string, now: Date): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Monotickets//Invitations//ES',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    'BEGIN:VEVENT',
    `UID:${event.id}@monotickets.mx`,
    `DTSTAMP:${toUtc(now)}`,
    `LAST-MODIFIED:${toUtc(event.changedAt)}`,
    `SEQUENCE:${event.sequence}`,
    `STATUS:${event.isCancelled ? 'CANCELLED' : 'CONFIRMED'}`,
    `DTSTART:${toUtc(event.startsAt)}`,
    `DTEND:${toUtc(event.endsAt)}`,
    `SUMMARY:${escapeText(event.name)}`,
    ...(event.location ? [`LOCATION:${escapeText(event.location)}`] : []),
    ...(event.point ? [`GEO:${event.point}`] : []),
    `DESCRIPTION:${escapeText(url)}`,
    `URL:${url}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ]
  return lines.map((line) => `${fold(line)}\r\n`).join('')
}

const toUtc = (at: Date) => at.toISOString().replace(/[-:]|\.\d{3}/g, '')

/** RFC 5545 §3.3.11, which allows no control characters in TEXT; a line break becomes \n. */
const escapeText = (text: string) =>
  text
    .replace(/[\\;,]/g, (character) => `\\${character}`)
    .replace(/\r\n|\r|\n/g, '\\n')
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')

/** RFC 5545 §3.1: at most 75 octets a line, continuation lines begin with a space. Never splits a character. */
function fold(line: string): string {
  const parts: string[] = []
  let part = ''
  for (const character of line) {
    const room = parts.length === 0 ? 75 : 74
    if (Buffer.byteLength(part + character) > room) {
      parts.push(part)
      part = ''
    }
    part += character
  }
  return [...parts, part].join('\r\n ')
}
