import { pageColor } from './colors.js'
import { element, setText } from './elements.js'
import uPlot from './uplot.js'
import { keptZoom } from './zoom.js'

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} color
 * @property {number[]} [dash]
 * @property {string} [fill] Colour of the area below
 * @property {Values} values What is drawn
 * @property {Values} [told] What is said of each point, if it is not what is drawn
 */

/** @typedef {(number | null | undefined)[]} Values */

/** @typedef {(value: number) => string} Format */

/** Of more lines, each is as thin as can be: thicker ones take ten times as long to paint. */
const MANY = 8

/** Height of a plot in CSS pixels, as in style.css. */
const HEIGHT = 220

/** A plot that is made anew only if its lines are others. */
export class Plot {
  /**
   * @param {HTMLElement} parent
   * @param {{ title: string, format: Format, ofTick?: Format, log?: boolean, range?: [number, number] }} options
   *   `ofTick` formats the round numbers of the axis, if they need fewer digits
   */
  constructor(parent, options) {
    this.options = options
    this.area = element('div', { class: 'plot', role: 'img' })
    this.legend = element('p')
    this.legend.hidden = true
    this.readout = element('figcaption')
    this.figure = element('figure', { class: 'card' }, [
      element('h3', { text: options.title }),
      this.legend,
      this.area,
      this.readout,
    ])
    parent.append(this.figure)
    /** @type {uPlot | undefined} */
    this.plot = undefined
    /** @type {Line[]} What was drawn last: the plot outlives it. */
    this.lines = []
    this.shape = ''
    this.resized = new ResizeObserver(() => this.plot?.setSize({ width: this.area.clientWidth, height: HEIGHT }))
    this.resized.observe(this.area)
  }

  /**
   * Draws lines over the same positions. Without lines the plot is hidden. What the user has enlarged stays enlarged.
   *
   * @param {number[]} positions
   * @param {Line[]} lines
   * @param {string} [legend]
   */
  draw(positions, lines, legend = '') {
    this.figure.hidden = lines.length === 0
    if (this.figure.hidden) return
    const data = /** @type {import('uplot').AlignedData} */ ([positions, ...lines.map(({ values }) => values)])
    const shape = JSON.stringify(lines.map(({ values: _, told: __, ...style }) => style))
    this.lines = lines
    const zoom = this.plot && keptZoom(this.plot.scales.x, this.plot.data[0], positions)
    if (this.plot !== undefined && this.shape === shape) {
      this.plot.setData(data, zoom === undefined)
    } else {
      this.#drop()
      this.plot = new uPlot(this.#options(lines), data, this.area)
      this.shape = shape
    }
    if (zoom !== undefined) this.plot.setScale('x', zoom)
    this.legend.hidden = legend === ''
    setText(this.legend, legend)
    this.#describe()
  }

  /** Makes it anew at the next drawing, in other colours. */
  forget() {
    this.shape = ''
  }

  /** Removes it. The window would keep a plot that is only taken out of the page. */
  destroy() {
    this.resized.disconnect()
    this.#drop()
    this.figure.remove()
  }

  #drop() {
    this.plot?.destroy()
    this.plot = undefined
  }

  #describe() {
    const latest = this.lines.slice(0, 8).map(({ label, values, told = values }) => {
      const last = told.findLast((value) => typeof value === 'number')
      return `${label}: ${typeof last === 'number' ? this.options.format(last) : 'nothing yet'}`
    })
    this.area.setAttribute('aria-label', `${this.options.title}. Latest: ${latest.join('; ')}`)
  }

  /**
   * @param {Line[]} lines
   * @returns {import('uplot').Options}
   */
  #options(lines) {
    const { format, ofTick, log, range } = this.options
    const axis = {
      stroke: pageColor('--quiet'),
      grid: { stroke: pageColor('--line'), width: 1 },
      ticks: { stroke: pageColor('--line'), width: 1 },
      font: '11px system-ui, sans-serif',
    }
    return {
      width: Math.max(100, this.area.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { focus: { prox: 24 }, drag: { x: true, y: false } },
      focus: { alpha: 0.25 },
      scales: { x: { time: false }, y: { ...(log && { distr: 3 }), ...(range && { range }) } },
      axes: [
        { ...axis, size: 28, label: undefined },
        {
          ...axis,
          size: 58,
          values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : (ofTick ?? format)(tick))),
        },
      ],
      series: [
        {},
        ...lines.map(({ label, color, dash, fill }) => ({
          label,
          stroke: color,
          width: fill !== undefined ? 0 : lines.length > MANY ? 1 / devicePixelRatio : 1.5,
          dash,
          fill,
          spanGaps: true,
          points: { show: fill === undefined ? undefined : false },
        })),
      ],
      hooks: {
        setCursor: [(plot) => this.#read(plot)],
        setSeries: [(plot) => this.#read(plot)],
      },
    }
  }

  /**
   * Says what is below the pointer: the nearest line, or the first few.
   *
   * @param {uPlot} plot
   */
  #read(plot) {
    const { lines } = this
    const { idx } = plot.cursor
    if (idx === null || idx === undefined) {
      this.readout.textContent = ''
      return
    }
    // A line that has the focus is the only one that is not faded.
    const series = /** @type {(import('uplot').Series & { _focus?: boolean | null })[]} */ (plot.series)
    const focused = lines.filter((_, i) => series[i + 1]._focus === true)
    const shown = focused.length > 0 && focused.length < lines.length ? focused : lines.slice(0, 4)
    const words = shown.map(({ label, values, told = values }) => {
      const value = told[idx]
      return `${label} ${typeof value === 'number' ? this.options.format(value) : '–'}`
    })
    const position = plot.data[0][idx]
    this.readout.textContent = `epoch ${Number(position.toFixed(1))} · ${words.join(' · ')}`
  }
}
