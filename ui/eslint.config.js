import js from '@eslint/js'
import boundaries from 'eslint-plugin-boundaries'
import compat from 'eslint-plugin-compat'
import a11y from 'eslint-plugin-jsx-a11y'
import hooks from 'eslint-plugin-react-hooks'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const LONGEST_FILE = 150

function allowed(from, ...to) {
  return { from: { element: { type: from } }, allow: { to: { element: { types: { anyOf: to } } } } }
}

export default defineConfig(
  { ignores: ['eslint.config.js', 'dist', 'dist-embed', 'src/shared/api/schema.gen.ts', 'src/boot.js'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      complexity: ['error', 12],
      'max-lines': ['error', { max: LONGEST_FILE, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [hooks.configs.flat['recommended-latest'], a11y.flatConfigs.strict, compat.configs['flat/recommended']],
    plugins: { boundaries },
    settings: {
      'boundaries/include': ['src/**/*'],
      'boundaries/elements': [
        { type: 'entry', pattern: 'src/*.{ts,tsx,js}', partialMatch: false },
        { type: 'app', pattern: 'src/app' },
        { type: 'feature', pattern: 'src/features/*', capture: ['name'] },
        { type: 'shared', pattern: 'src/shared' },
        { type: 'testing', pattern: 'src/testing' },
      ],
      'import/resolver': { typescript: { alwaysTryTypes: true } },
    },
    rules: {
      'react-hooks/exhaustive-deps': 'error',
      // What is imported decides: app → features → shared, and no feature knows another.
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [
            allowed('entry', 'app', 'shared'),
            allowed('app', 'app', 'feature', 'shared'),
            {
              from: { element: { type: 'feature' } },
              allow: { to: { element: { type: 'feature', captured: { name: '{{from.element.captured.name}}' } } } },
            },
            allowed('feature', 'shared'),
            allowed('shared', 'shared'),
            // Packages are nobody's element.
            { allow: { to: { module: { origin: ['external', 'core'] } } } },
          ],
        },
      ],
      // It is about a compiler that is not in use.
      'react-hooks/incompatible-library': 'off',
      // Regions that scroll and charts that are read by arrow keys must be reachable by keyboard.
      'jsx-a11y/no-noninteractive-tabindex': ['error', { tags: ['pre', 'main'], roles: ['group', 'tabpanel'] }],
      // The listed ones are the first field of a dialog, which takes the focus anyway.
      'jsx-a11y/no-autofocus': 'off',
    },
  },
  {
    files: ['src/**/*.test.{ts,tsx}', 'src/testing/**'],
    rules: {
      'boundaries/dependencies': 'off',
      'max-lines': ['error', { max: 400 }],
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
)
