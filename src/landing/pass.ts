/** What a guest carries away from the page: the QR for the door and the calendar entry. */
import QRCode from 'qrcode'
import type { InvitationView } from './landing.ts'

/**
 * The QR holds the bare code: capitals, digits and hyphens go into QR's alphanumeric mode, so the
 * squares stay large and a cracked or dim screen is still read at the door.
 */
const LOOK = { errorCorrectionLevel: 'Q', margin: 4 } as const

export const drawQrSvg = (code: string): Promise<string> => QRCode.toString(code, { ...LOOK, type: 'svg' })

/** About 600 pixels wide: sharp in a message and on paper. */
export const drawQrPng = (code: string): Promise<Buffer> => QRCode.toBuffer(code, { ...LOOK, type: 'png', width: 600 })

/** One event as iCalendar (RFC 5545): UTC times, text escaped, lines folded at 75 octets, CRLF. */
export function writeCalendar({ event }: InvitationView, url: string, now: Date): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Monotickets//Invitations//ES',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    'BEGIN:VEVENT',
    `UID:${event.id}@monotickets.mx`,
    `DTSTAMP:${toUtc(now)}`,
    `DTSTART:${toUtc(event.startsAt)}`,
    `DTEND:${toUtc(event.endsAt)}`,
    `SUMMARY:${escapeText(event.name)}`,
    ...(event.location ? [`LOCATION:${escapeText(event.location)}`] : []),
    `DESCRIPTION:${escapeText(url)}`,
    `URL:${url}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ]
  return lines.map((line) => `${fold(line)}\r\n`).join('')
}

const toUtc = (at: Date) => at.toISOString().replace(/[-:]|\.\d{3}/g, '')

/** RFC 5545 §3.3.11. Control characters other than the line end have no place in a text. */
const escapeText = (text: string) =>
  text
    .replace(/[\\;,]/g, (character) => `\\${character}`)
    .replace(/\r\n|\r|\n/g, '\\n')
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')

/** RFC 5545 §3.1: at most 75 octets a line, a following line begins with a space; characters stay whole. */
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
