/** The `Idempotency-Key` of a form: born with it, so that a second press or a retry without a network does nothing twice. */
import { useState } from 'react'
import { isProblem } from '../api/client.ts'

type Key = [header: { 'Idempotency-Key': string }, renew: () => void, renewIfRefused: (error: unknown) => void]

/**
 * Returns the header for the call, what makes a new key after the form has done its work, and what makes one after a refusal:
 * that answer is kept with its key, and what is sent next is another request. Without an answer the key stays.
 */
export function useIdempotencyKey(): Key {
  const [key, setKey] = useState(() => crypto.randomUUID())
  const renew = () => setKey(crypto.randomUUID())
  const renewIfRefused = (error: unknown) => {
    if (isProblem(error) && error.status < 500 && error.status !== 429) renew()
  }
  return [{ 'Idempotency-Key': key }, renew, renewIfRefused]
}
