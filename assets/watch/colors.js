/** Eight colours that people with any colour vision tell apart (after Okabe and Ito), for light and dark grounds. */
const LIGHT = ['#0072b2', '#d55e00', '#007a5a', '#b0468f', '#8a6d00', '#3a3a3a', '#2a9bd6', '#7d4fc4']
const DARK = ['#4fb0f0', '#ff8a3d', '#2fcf9f', '#f08ecb', '#e0c341', '#c9ced8', '#93d3ff', '#b69af5']

/** Lines that are told apart by dashes too. Of more, dashes help nobody, and they are slow to draw. */
const DASHED = 24

const dark = matchMedia('(prefers-color-scheme: dark)')

/**
 * Colour and dashes of the i-th line: eight colours, then the same with other dashes.
 *
 * @param {number} i
 * @returns {{ color: string, dash: number[], style: string }}
 */
export function lineStyle(i) {
  const turn = i < DASHED ? Math.floor(i / LIGHT.length) : 0
  return {
    color: (dark.matches ? DARK : LIGHT)[i % LIGHT.length],
    dash: [[], [8, 4], [2, 3]][turn],
    style: ['solid', 'dashed', 'dotted'][turn],
  }
}

/**
 * Colour of an area, on which white text is legible.
 *
 * @param {number} i
 */
export function areaColor(i) {
  return LIGHT[i % LIGHT.length]
}

/**
 * A colour of the page, by its name in style.css.
 *
 * @param {string} name
 */
export function pageColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/**
 * Calls back when the ground changes between light and dark.
 *
 * @param {() => void} changed
 */
export function onSchemeChange(changed) {
  dark.addEventListener('change', changed)
}
