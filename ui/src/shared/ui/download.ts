/** Hands a file to the reader. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Not at once: some browsers read the address only after this turn.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

export function fileName(title: string, extension: string): string {
  const day = new Date().toISOString().slice(0, 10)
  const slug = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return `mockforge-analytics-${slug}-${day}.${extension}`
}
