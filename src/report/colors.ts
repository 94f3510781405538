/** The colours of figures, drawings and pages. */

export const COLORS = { other: '#a8b0ba', own: '#2f6fb3', ink: '#24292f', faint: '#6e7781', grid: '#e6e8eb' }

/** Okabe and Ito's palette (2008) for any kind of colour vision, without its yellow, which is too light on white. */
export const CATEGORIES = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']
