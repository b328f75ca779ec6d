import { useEffect, useState } from 'react'

const PAUSE_MS = 250

/** A text after a pause in typing, so that not every letter asks the API. */
export function usePaused(text: string): string {
  const [calm, setCalm] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setCalm(text), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return calm
}
