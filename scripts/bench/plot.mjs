/** Vega-Lite specifications to SVG, in one style. */
import * as vega from 'vega'
import { compile } from 'vega-lite'

export const COLORS = { other: '#a8b0ba', own: '#2f6fb3', ink: '#24292f', faint: '#6e7781', grid: '#e6e8eb' }

const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif'

const CONFIG = {
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

// Without a canvas vega takes every character for 0.8 of the font's size, and leaves room for it: sans serifs have 0.56.
vega.textMetrics.width = ({ fontSize = 11 }, text) => 0.56 * fontSize * String(text ?? '').length

/** Resolves to the text of an SVG file. The background is white, so that it can be read on dark pages too. */
export async function drawSvg(specification) {
  const { spec } = compile({ background: 'white', padding: 16, ...specification }, { config: CONFIG })
  const view = new vega.View(vega.parse(spec), { renderer: 'none', logLevel: vega.Warn })
  const svg = await view.toSVG()
  view.finalize()
  return `${svg}\n`
}
