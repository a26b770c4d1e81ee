import { createTheme, type MantineColorsTuple } from '@mantine/core'

const accent: MantineColorsTuple = [
  '#eef1ff',
  '#dde3fb',
  '#b9c4f3',
  '#93a3ec',
  '#7488e6',
  '#6077e2',
  '#4a62d8',
  '#3f55c4',
  '#364aaf',
  '#2a3c96',
]

const slate: MantineColorsTuple = [
  '#dfe6ed',
  '#b5c1cd',
  '#95a4b4',
  '#7b8b9c',
  '#4a5a6b',
  '#334251',
  '#243240',
  '#17222e',
  '#111a24',
  '#0b1118',
]

const DIALOG = {
  closeButtonProps: { 'aria-label': 'Close' },
  // It is no header of the page, which a `<header>` outside its sections would be.
  attributes: { header: { role: 'presentation' } },
}

/** What Mantine's own parts look like; everything else takes its looks from `tokens.css`. */
export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 6 },
  colors: { accent, dark: slate },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SFMono-Regular', Menlo, Consolas, monospace",
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: '600' },
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  spacing: { xs: '8px', sm: '12px', md: '16px', lg: '24px', xl: '32px' },
  radius: { xs: '3px', sm: '5px', md: '7px', lg: '10px', xl: '16px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Modal: { defaultProps: DIALOG },
    Drawer: { defaultProps: DIALOG },
    // A menu has items alone; the first of them takes the focus.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
  },
})
