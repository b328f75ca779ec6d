/** The door. */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import 'virtual:tokens.css'
import '../kit/base.css'
import { pick } from '../words/locale.ts'

const WORDS = pick({ es: { title: 'Puerta' }, en: { title: 'Door' } })

createRoot(document.getElementById('app')!).render(
  <StrictMode>
    <main>
      <h1>{WORDS.title}</h1>
    </main>
  </StrictMode>,
)
