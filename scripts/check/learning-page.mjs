/** The figure of learning.mjs: test accuracy by epoch, a line for each training. */
import { CATEGORIES } from '#dist/report/colors.js'
import { drawSvg } from '#dist/report/plot.js'

/** Images of CIFAR-10. With fewer, the two sides take others of them. */
const ALL = 50_000

/** @typedef {{ side: string, seed: number, top1: number[] }} Curve `top1`: by epoch, in [0, 1]. */

/**
 * @param {readonly Curve[]} curves
 * @param {{ channels: number, cells: number, images: number }} sizes
 */
export function drawLearning(curves, { channels, cells, images }) {
  const values = curves.flatMap(({ side, seed, top1 }) =>
    top1.map((value, i) => ({ side, seed: `seed ${seed}`, epoch: i + 1, accuracy: 100 * value })),
  )
  return drawSvg({
    title: {
      text: 'One network, trained here and in PyTorch',
      subtitle: [
        `DARTS_V2, C=${channels}, ${cells} cells, ${images.toLocaleString('en')} images of CIFAR-10, the authors' recipe.`,
        ...(images < ALL ? ['The sides have different images: here as many of each class, in PyTorch the first.'] : []),
        'Accuracy on the 10,000 test images after every epoch. Solid lines are the first seed.',
      ],
    },
    data: { values },
    width: 520,
    height: 280,
    mark: { type: 'line', strokeWidth: 2, point: { size: 24 } },
    encoding: {
      x: { field: 'epoch', type: 'quantitative', axis: { title: 'epoch', tickMinStep: 1 }, scale: { nice: false } },
      y: { field: 'accuracy', type: 'quantitative', axis: { title: 'test accuracy, %' }, scale: { zero: false } },
      color: { field: 'side', type: 'nominal', legend: { title: null }, scale: { range: CATEGORIES.slice(0, 2) } },
      strokeDash: { field: 'seed', type: 'nominal', legend: null },
    },
  })
}
