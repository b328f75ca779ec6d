type Draft = {
  template?: string | undefined
  text?: string | undefined
  later?: true | undefined
  at?: string | undefined
}

/** What a draft lacks before it can be sent: the text of its notice, or the time of one that leaves later. */
export function lackOf({ template, text, later, at }: Draft): 'text' | 'at' | null {
  if (template === 'event_update' && !text?.trim()) return 'text'
  return later && !at ? 'at' : null
}
