/** Draws figures by Vega-Lite as SVG, in one style. Vega takes a second to load, so the first drawing loads it. */
import type { Config, TopLevelSpec } from 'vega-lite'
import { COLORS } from './colors.js'
import { element, escaped } from './svg.js'

/** A figure, before it is drawn. */
export interface Figure {
  /** Name of its file, without ending. */
  readonly name: string
  readonly title: string
  /** Lines below the title. */
  readonly subtitle: readonly string[]
  /** What the figure shows, for those who do not see it: a few sentences with the numbers that matter. */
  readonly description: string
  /** Vega-Lite, without the title. */
  readonly specification: object
}

const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif'

const CONFIG: Config = {
  // The text alternative of the whole says more than a name for each mark.
  aria: false,
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
    labelFlush: false,
    // Percent signs are wider than vega assumes.
    titlePadding: 10,
  },
  header: { labelFontSize: 13, labelFontWeight: 'bold', labelColor: COLORS.ink, title: null },
  title: {
    anchor: 'start',
    color: COLORS.ink,
    fontWeight: 'bold',
    fontSize: 16,
    subtitleFontSize: 12,
    subtitleColor: COLORS.faint,
    subtitlePadding: 6,
    offset: 16,
    frame: 'group',
  },
  legend: { labelColor: COLORS.ink, titleColor: COLORS.faint, titleFontWeight: 'normal', labelFontSize: 12 },
  text: { fontSize: 12, color: COLORS.ink },
}

/** Vega's measurement of text, which is missing from its types. */
interface TextMetrics {
  width(item: { readonly fontSize?: number; readonly fontWeight?: string }, text: unknown): number
}

/** Resolves to the text of an SVG file, which has the description of the figure as its text alternative. */
export async function drawFigure({ title, subtitle, description, specification }: Figure): Promise<string> {
  const svg = await drawSvg({ title: { text: title, subtitle: [...subtitle] }, ...specification })
  const alternative = element('title', {}, [escaped(title)]) + element('desc', {}, [escaped(description)])
  return svg.replace(/<svg ([^>]*)>/, (_, attributes) => `<svg role="img" ${attributes}>${alternative}`)
}

/**
 * Resolves to the text of an SVG file. Its background is white, so that it is legible on dark pages too. No element has
 * an id, so that a page may hold several figures.
 */
export async function drawSvg(specification: object): Promise<string> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')])
  // Without a canvas vega assumes that a character is 0.8 times as wide as the font is high; in sans serifs it is less.
  const { textMetrics } = vega as unknown as { textMetrics: TextMetrics }
  textMetrics.width = ({ fontSize = 11, fontWeight }, text) =>
    (fontWeight === 'bold' ? 0.64 : 0.58) * fontSize * String(text ?? '').length
  const whole = { background: 'white', padding: 16, ...specification } as TopLevelSpec
  const { spec } = compile(whole, { config: CONFIG })
  const view = new vega.View(vega.parse(spec), { renderer: 'none', logLevel: vega.Error })
  const svg = await view.toSVG()
  view.finalize()
  return `${slim(svg)}\n`
}

/** Without what nobody sees, and with two digits behind the point, which are finer than any pixel. */
function slim(svg: string): string {
  return svg
    .replaceAll(/<path class="(?:fore|back)ground"[^<>]* d="(?:|M0(?:\.5)?,0(?:\.5)?h0v0h0Z)"[^<>]*\/>/g, '')
    .replaceAll(/<text [^<>]*opacity="0"[^<>]*>[^<]*<\/text>/g, '')
    .replaceAll(/<[^<>]+>/g, (tag) =>
      tag
        .replaceAll(/ (?:role|aria-\w+|pointer-events)="[^"]*"/g, '')
        .replaceAll(/-?\d+\.\d{3,}(?:e-\d+)?/g, (digits) => String(Math.round(100 * Number(digits)) / 100)),
    )
}
