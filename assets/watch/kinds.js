/** What curves of a run are of. A kind has the same dashes in all plots, and legends name the kinds. */

/**
 * @typedef {'training' | 'test' | 'test with averaged weights' | 'fixed weights'} Kind
 * @typedef {{ training?: number, test?: number }} Accuracies In [0, 1]
 */

/** @type {Record<Kind, { dash: number[], style: string }>} */
export const KINDS = {
  training: { dash: [], style: 'solid' },
  test: { dash: [4, 3], style: 'dashed' },
  'test with averaged weights': { dash: [1, 3], style: 'dotted' },
  'fixed weights': { dash: [8, 3, 2, 3], style: 'dash-dotted' },
}

/**
 * The legend of a plot. A single kind has no dashes of its own, so that dashes tell runs apart.
 *
 * @param {readonly Kind[]} drawn Each once
 */
export function legendOf(drawn) {
  if (drawn.length === 1) return drawn[0]
  return drawn.map((kind) => `${KINDS[kind].style}: ${kind}`).join(' · ')
}

/**
 * Accuracies of the last epoch. In a search it is that of the supernet, on training images.
 *
 * @param {import('../../src/watch/messages.js').RunOverview} run
 * @returns {Accuracies}
 */
export function accuraciesOf({ latest }) {
  return { training: latest.trainTop1 ?? latest.accuracy, test: latest.top1 }
}
