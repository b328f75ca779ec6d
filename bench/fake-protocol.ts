/** What the benchmark and its fake WhatsApp, two processes, tell each other. */

export const KEY = 'the-key-of-the-bench'
/** What came in. `ids`: by delivery, the id that its message got. `bytes`: of all bodies. */
export type Calls = { ids: Record<string, string>; calls: number; refused: number; bytes: number }
