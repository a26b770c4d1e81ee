import { DEFAULT_THEME, convertCssVariables, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core'
import type { Plugin } from 'vite'
import { theme } from '../src/shared/theme/mantine.ts'

const ID = 'virtual:mantine-variables.css'

/**
 * The variables of the theme as a stylesheet. Mantine would put them into the page as a `<style>` element, which a
 * policy without `unsafe-inline` refuses.
 */
export function themeVariables(): Plugin {
  return {
    name: 'theme-variables',
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load: (id) => {
      if (id !== `\0${ID}`) return undefined
      const merged = mergeMantineTheme(DEFAULT_THEME, theme)
      return convertCssVariables(defaultCssVariablesResolver(merged), ':root')
    },
  }
}
