/** The colours of figures, drawings and pages. */

export const COLORS = { other: '#a8b0ba', own: '#2f6fb3', ink: '#24292f', faint: '#6e7781', grid: '#e6e8eb' }

/** Okabe and Ito's palette (2008) for any kind of colour vision, without its yellow, which is too light on white. */
export const CATEGORIES = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']

/** Colours of a dark page. */
export const DARK_PAGE = { paper: '#0d1117', ink: '#e6edf3', faint: '#9198a1', line: '#3d444d' }

/** Colours of figures on a dark page, by their colours on white. */
export const IN_THE_DARK: Readonly<Record<string, string>> = {
  white: DARK_PAGE.paper,
  '#000000': DARK_PAGE.ink,
  [COLORS.ink]: DARK_PAGE.ink,
  [COLORS.faint]: DARK_PAGE.faint,
  [COLORS.grid]: DARK_PAGE.line,
  [COLORS.own]: '#58a6ff',
  '#0072b2': '#4aa3df',
  '#4b5563': '#8b949e',
}

/** The text of an SVG figure in the colours of a dark page. */
export function inTheDark(svg: string): string {
  return svg.replaceAll(/ (fill|stroke)="([^"]*)"/g, (whole, property, color) =>
    Object.hasOwn(IN_THE_DARK, color) ? ` ${property}="${IN_THE_DARK[color]}"` : whole,
  )
}
