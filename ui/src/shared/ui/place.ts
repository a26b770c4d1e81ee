/** The element that the dashboard stands in: the body of its own page, or a part of somebody else's. */
export const PLACE = '.analytics'

export function place(): Element {
  return document.querySelector(PLACE) ?? document.body
}
