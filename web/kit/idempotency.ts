/** The `Idempotency-Key` of a form: born with it, so that a second press or a retry without a network does nothing twice. */
import { useState } from 'react'
import { isProblem } from '../api/client.ts'

type Key = [
  header: { 'Idempotency-Key': string },
  /** For `onSettled` of the call. */
  settle: (data: unknown, error: unknown) => void,
  /** For a text that is another one now, and so another request. */
  renew: () => void,
]

/**
 * Returns the header for the call, and what hears how it ended. After a final answer the next request has a new key: an answer is
 * kept with its key. Where nobody knows whether it was done, the key stays.
 */
export function useIdempotencyKey(): Key {
  const [key, setKey] = useState(() => crypto.randomUUID())
  const renew = () => setKey(crypto.randomUUID())
  const settle = (_data: unknown, error: unknown) => {
    if (!error || isFinal(error)) renew()
  }
  return [{ 'Idempotency-Key': key }, settle, renew]
}

const isFinal = (error: unknown): boolean =>
  isProblem(error) && error.status < 500 && error.status !== 429 && error.code !== 'idempotency_in_progress'
