/** Draws Vega-Lite specifications as SVG, in one style. Vega takes a second to load, so the first drawing loads it. */
import type { Config, TopLevelSpec } from 'vega-lite'

export const COLORS = { other: '#a8b0ba', own: '#2f6fb3', ink: '#24292f', faint: '#6e7781', grid: '#e6e8eb' }

/** Okabe and Ito's palette (2008) for any kind of colour vision, without its yellow, which is too light on white. */
export const CATEGORIES = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']

const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif'

const CONFIG: Config = {
  font: FONT,
  view: { stroke: null },
  axis: {
    labelColor: COLORS.faint,
    titleColor: COLORS.faint,
    titleFontWeight: 'normal',
    labelFontSize: 12,
    titleFontSize: 12,
    gridColor: COLORS.grid,
    domain: false,
    ticks: false,
    labelPadding: 6,
    labelLimit: 300,
  },
  header: { labelFontSize: 13, labelFontWeight: 'bold', labelColor: COLORS.ink, title: null },
  title: {
    anchor: 'start',
    color: COLORS.ink,
    fontSize: 16,
    subtitleFontSize: 12,
    subtitleColor: COLORS.faint,
    subtitlePadding: 6,
    offset: 16,
    frame: 'group',
  },
  text: { fontSize: 12, color: COLORS.ink },
}

/** Vega's measurement of text, which is missing from its types. */
interface TextMetrics {
  width(item: { readonly fontSize?: number }, text: unknown): number
}

/** Resolves to the text of an SVG file. Its background is white, so that it is legible on dark pages too. */
export async function drawSvg(specification: object): Promise<string> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')])
  // Without a canvas vega assumes that a character is 0.8 times as wide as the font is high; in sans serifs it is 0.56.
  const { textMetrics } = vega as unknown as { textMetrics: TextMetrics }
  textMetrics.width = ({ fontSize = 11 }, text) => 0.56 * fontSize * String(text ?? '').length
  const whole = { background: 'white', padding: 16, ...specification } as TopLevelSpec
  const { spec } = compile(whole, { config: CONFIG })
  const view = new vega.View(vega.parse(spec), { renderer: 'none', logLevel: vega.Warn })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}
