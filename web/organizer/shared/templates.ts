/** What is sent of an event unless another template is chosen. A cancelled one can only be told of. */
export const usualTemplate = ({ status }: { status: string }) =>
  status === 'cancelled' ? ('event_cancelled' as const) : ('event_invitation' as const)
