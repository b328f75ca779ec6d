/** What stands in place of a screen that does not exist, or that could not be shown. */
import { Link } from '@tanstack/react-router'
import { pick } from '../words/locale.ts'
import { Button } from './Button.tsx'
import { Empty } from './State.tsx'

const WORDS = pick({
  es: {
    missing: 'Esta página no existe',
    missingText: 'La dirección está incompleta o ya cambió.',
    start: 'Ir al inicio',
    broken: 'Algo falló en esta página',
    brokenText: 'Lo que ya guardaste sigue guardado.',
    again: 'Reintentar',
  },
  en: {
    missing: 'This page does not exist',
    missingText: 'The address is not complete or has changed.',
    start: 'Go to the start page',
    broken: 'Something went wrong on this page',
    brokenText: 'What you saved is saved.',
    again: 'Try again',
  },
})

export const Missing = () => (
  <>
    <h1>{WORDS.missing}</h1>
    <Empty action={<Link to="/">{WORDS.start}</Link>}>{WORDS.missingText}</Empty>
  </>
)

/** Its files did not come, or it has a fault: loading it again helps with the first. */
export const Broken = () => (
  <>
    <h1>{WORDS.broken}</h1>
    <Empty action={<Button onPress={() => location.reload()}>{WORDS.again}</Button>}>{WORDS.brokenText}</Empty>
  </>
)
