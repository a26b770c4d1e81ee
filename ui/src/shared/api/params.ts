/** The query string of a report: a list repeats its name, which means any of its values; empty ones are left out. */
export function toQuery(params: object): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params) as [string, unknown][]) {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    for (const item of list) {
      const plain = typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean'
      if (plain && item !== '') query.append(name, String(item))
    }
  }
  return query
}
