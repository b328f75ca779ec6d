/**
 * The words of the button that WhatsApp adds to marketing templates, and of its opposite. It stops promotions alone; BAJA stops
 * everything. The label has the language of the template, and without a payload of its own it is the payload too.
 */
import { foldWords } from '../platform/values/text.ts'

const STOP = new Set([
  'detener promociones',
  'detener las promociones',
  'parar promociones',
  'cancelar promociones',
  'dejar de recibir promociones',
  'no recibir promociones',
  'ya no quiero promociones',
  'no quiero promociones',
  'deten las promociones',
  'deten promociones',
  'detener promos',
  'interrumpir promociones',
  'desactivar promociones',
  'detener publicidad',
  'detener marketing',
  'detener mensajes de marketing',
  'detener mensajes promocionales',
  'stop promotions',
  'stop promotion',
  'stop promos',
  'stop promotional messages',
  'stop promotions from this business',
  'stop marketing',
  'opt out of promotions',
  'unsubscribe from promotions',
  'stop marketing messages',
  'parar promocoes',
  'interromper promocoes',
  'desativar promocoes',
])
const RESUME = new Set([
  'reanudar promociones',
  'reanudar las promociones',
  'recibir promociones',
  'resume promotions',
  'resume promotion',
  'resume marketing messages',
  'retomar promocoes',
])

/** Reads a text that is only the label, in any case, with or without accents. */
export function readPromotionWord(text: string): 'stop_promotions' | 'resume_promotions' | null {
  if (text.length > 100) return null
  const plain = foldWords(text)
  return STOP.has(plain) ? 'stop_promotions' : RESUME.has(plain) ? 'resume_promotions' : null
}
