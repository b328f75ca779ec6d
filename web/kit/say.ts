/** One polite live region for the page: what has just happened, for people who do not see it. */
let region: HTMLElement | undefined

export function say(text: string): void {
  region ??= addRegion()
  region.textContent = ''
  // A text that is the same as before is read again only after the region was empty for a moment.
  setTimeout(() => (region!.textContent = text), 50)
}

function addRegion(): HTMLElement {
  const element = document.createElement('div')
  element.setAttribute('role', 'status')
  element.setAttribute('aria-live', 'polite')
  element.className = 'visually-hidden'
  document.body.append(element)
  return element
}
