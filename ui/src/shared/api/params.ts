/** Parameters of a report; a list means any of its values. Empty ones are left out. */
export type Params = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export function toQuery(params: Params): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === '') continue
    if (typeof value === 'object') for (const item of value) query.append(name, item)
    else query.append(name, String(value))
  }
  return query
}
