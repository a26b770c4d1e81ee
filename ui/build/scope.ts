import type { Plugin } from 'vite'

/** Where the dashboard stands in the page of somebody else. */
const PLACE = '.analytics'
/** Sheets that speak of the whole document: the tokens, and the variables of Mantine. */
const SHEETS = ['shared/theme/tokens.css', 'virtual:mantine-variables.css']
const ELEMENTS = /(^|[\s,}])(\*)(?=\s*[,{]|::)/g
const CLASSES = /^\.(?=[a-z-]+(?::hover)? \{)/gm

/** A sheet for the whole document, for the dashboard alone. */
export function scoped(css: string): string {
  return css
    .replaceAll(':root', PLACE)
    .replace(ELEMENTS, `$1${PLACE} $2`)
    .replace(CLASSES, (dot, offset: number, whole: string) =>
      whole.startsWith(`${PLACE} `, offset) || whole.startsWith(`${PLACE}[`, offset) ? dot : `${PLACE} ${dot}`,
    )
}

/** Keeps the styles of the library to the dashboard: the page around it has tokens and elements of its own. */
export function scopedStyles(): Plugin {
  return {
    name: 'scoped-styles',
    enforce: 'pre',
    transform: (code, id) => (SHEETS.some((sheet) => id.endsWith(sheet)) ? scoped(code) : undefined),
  }
}
