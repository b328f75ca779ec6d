/**
 * The colours of every page, light and dark: those the server writes and those of web/, whose build reads this file. Each pair
 * that is read as text has a contrast of at least 4.5 (WCAG 2.2, 1.4.3), each edge of a control 3 (1.4.11).
 */
const LIGHT = {
  ground: '#f3ece2',
  paper: '#fffdf9',
  line: '#e5dacb',
  ink: '#2b2622',
  soft: '#6f655b',
  accent: '#8a3b4a',
  'on-accent': '#fff',
  edge: '#857768',
  ok: '#2f6b4f',
  warn: '#8a5a00',
  bad: '#a3261f',
  info: '#1f5a8a',
  'series-1': '#8a3b4a',
  'series-2': '#2c7fb8',
  'series-3': '#b97c10',
  'series-4': '#3b3a7a',
  'ramp-1': '#b4808a',
  'ramp-2': '#a05a68',
  'ramp-3': '#8a3b4a',
  'ramp-4': '#4f1b26',
}
const DARK: typeof LIGHT = {
  ground: '#181412',
  paper: '#26211d',
  line: '#403830',
  ink: '#f4ece3',
  soft: '#b8aa9b',
  accent: '#e3a3ae',
  'on-accent': '#2b1218',
  edge: '#8a7d6f',
  ok: '#8fd3b0',
  warn: '#e8b65a',
  bad: '#f2998f',
  info: '#93c1e6',
  'series-1': '#e3a3ae',
  'series-2': '#3f8fc0',
  'series-3': '#a67c1f',
  'series-4': '#cfd8ff',
  'ramp-1': '#94666f',
  'ramp-2': '#b57f8a',
  'ramp-3': '#e3a3ae',
  'ramp-4': '#fbe3e7',
}

const declare = (tokens: typeof LIGHT) =>
  Object.entries(tokens)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')

/** The tokens as custom properties. The theme follows the system. */
export const TOKENS_CSS = `:root{color-scheme:light dark;${declare(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${declare(DARK)}}}`
