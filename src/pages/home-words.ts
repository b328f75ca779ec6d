/** The words of the first page. */
import type { CallerRole } from '../http/access.ts'
import type { Locale } from '../platform/values/languages.ts'

/** What a check says when it holds, and when it does not. */
type CheckWords = { name: string; ok: string; bad: string }
export type PlaceName = 'panel' | 'organizer' | 'door' | 'invitation' | 'queues' | 'docs'
type Words = {
  lead: string
  ready: string
  notReady: string
  simulated: string
  partlySimulated: (simulated: string, real: string) => string
  channels: Record<'whatsapp' | 'email', string>
  enter: string
  goOn: string
  enterAs: (role: string) => string
  leave: string
  insideAs: (name: string, role: string) => string
  actingAsDirector: string
  placesTitle: string
  places: Record<PlaceName, [title: string, text: string]>
  demoTitle: string
  demoText: string
  stateTitle: string
  checks: Record<string, CheckWords>
  paused: string
  roles: Record<CallerRole, string>
}

export const WORDS: Record<Locale, Words> = {
  'es-MX': {
    lead: 'Invitaciones por WhatsApp y correo, respuestas, entrada con QR y las cuentas de cada evento.',
    ready: 'Todo funciona.',
    notReady: 'Algo no funciona. Abajo dice qué.',
    simulated: 'Modo simulado: ningún mensaje sale.',
    partlySimulated: (simulated, real) => `${simulated}: simulado, sus mensajes no salen. ${real}: sale de verdad.`,
    channels: { whatsapp: 'WhatsApp', email: 'Correo' },
    enter: 'Entrar',
    goOn: 'Continuar',
    enterAs: (role) => `Entrar como ${role}`,
    leave: 'Salir',
    insideAs: (name, role) => `Entraste como ${name} (${role}).`,
    actingAsDirector: 'Modo demostración: sin entrar, ves todo como la dirección.',
    placesTitle: 'Páginas',
    places: {
      panel: ['Panel de la dirección', 'Dinero, boletos, organizadores y la salud de los envíos.'],
      organizer: ['Organizadores', 'Eventos, invitados, envíos y conversaciones.'],
      door: ['Puerta', 'Escanear pases, también sin conexión.'],
      invitation: ['Una invitación', 'Lo que ve Mariana, invitada de la boda de ejemplo.'],
      queues: ['Colas de trabajo', 'Lo que los procesos hacen en este momento.'],
      docs: ['Referencia de la API', 'Cada operación, con sus campos y errores.'],
    },
    demoTitle: 'Accesos de demostración',
    demoText: 'Valen hasta el próximo arranque.',
    stateTitle: 'Estado',
    checks: {
      database: { name: 'Base de datos', ok: 'Responde', bad: 'No responde' },
      redis: { name: 'Redis', ok: 'Responde', bad: 'No responde' },
      migrations: { name: 'Esquema', ok: 'Al día', bad: 'No está al día' },
      queues: { name: 'Procesos de trabajo', ok: 'En marcha', bad: 'Nadie atiende las colas' },
      lag: { name: 'Trabajo pendiente', ok: 'Sin atraso', bad: 'Con atraso' },
      channels: { name: 'Canales', ok: 'Sin pausas', bad: 'No se sabe' },
    },
    paused: 'En pausa',
    roles: {
      director: 'dirección',
      organizer: 'organización',
      viewer: 'consulta',
      staff: 'personal de puerta',
      device: 'dispositivo',
    },
  },
  en: {
    lead: 'Invitations by WhatsApp and e-mail, answers, admission by QR and the accounts of every event.',
    ready: 'Everything works.',
    notReady: 'Something does not work. See below what.',
    simulated: 'Simulated mode: no message leaves.',
    partlySimulated: (simulated, real) =>
      `${simulated}: simulated, its messages do not leave. ${real}: leaves for real.`,
    channels: { whatsapp: 'WhatsApp', email: 'E-mail' },
    enter: 'Log in',
    goOn: 'Continue',
    enterAs: (role) => `Log in as ${role}`,
    leave: 'Log out',
    insideAs: (name, role) => `You are logged in as ${name} (${role}).`,
    actingAsDirector: 'Demo mode: without a login you see everything as the director.',
    placesTitle: 'Pages',
    places: {
      panel: ["The Director's panel", 'Money, tickets, organizers and the health of sending.'],
      organizer: ['Organizers', 'Events, guests, campaigns and conversations.'],
      door: ['Door', 'Scan passes, offline too.'],
      invitation: ['An invitation', 'What Mariana sees, a guest of the sample wedding.'],
      queues: ['Work queues', 'What the processes do at this moment.'],
      docs: ['API reference', 'Every operation with its fields and errors.'],
    },
    demoTitle: 'Demo logins',
    demoText: 'They are valid until the next start.',
    stateTitle: 'State',
    checks: {
      database: { name: 'Database', ok: 'Answers', bad: 'Does not answer' },
      redis: { name: 'Redis', ok: 'Answers', bad: 'Does not answer' },
      migrations: { name: 'Schema', ok: 'Up to date', bad: 'Not up to date' },
      queues: { name: 'Workers', ok: 'Running', bad: 'Nobody works on the queues' },
      lag: { name: 'Work that is due', ok: 'On time', bad: 'Late' },
      channels: { name: 'Channels', ok: 'Not paused', bad: 'Unknown' },
    },
    paused: 'Paused',
    roles: { director: 'director', organizer: 'organizer', viewer: 'viewer', staff: 'door staff', device: 'device' },
  },
}
