/** The `Idempotency-Key` of a form: born with it, so that a second press or a retry without a network does nothing twice. */
import { useState } from 'react'

/** Returns the header for the call, and what makes a new key after the form has done its work. */
export function useIdempotencyKey(): [{ 'Idempotency-Key': string }, () => void] {
  const [key, setKey] = useState(() => crypto.randomUUID())
  return [{ 'Idempotency-Key': key }, () => setKey(crypto.randomUUID())]
}
