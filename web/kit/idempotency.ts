/** The `Idempotency-Key` of a form: born with it, so that a second press or a retry without a network does nothing twice. */
import { useState } from 'react'

/** Returns the header for the call, and what makes a new key after the form has done its work. */
export function useIdempotencyKey(): [{ 'idempotency-key': string }, () => void] {
  const [key, setKey] = useState(() => crypto.randomUUID())
  return [{ 'idempotency-key': key }, () => setKey(crypto.randomUUID())]
}
