/** Files that a page saves, as a link would. */

/** What the API has given to a script. */
export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content)
  download(address, name)
  // The browser has begun to save it by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

export function download(address: string, name: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
}
