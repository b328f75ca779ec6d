/** How far a send is. */
type Progress = { total: number; read: number; delivered: number; failed: number; skipped: number }

/** Of 100, whole: what has ended well or badly. What has merely left does not count, and 100 means all. */
export const percentEnded = ({ total, read, delivered, failed, skipped }: Progress): number =>
  total === 0 ? 0 : Math.floor((100 * (read + delivered + failed + skipped)) / total)
