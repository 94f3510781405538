import { decimal, percent } from '../../base/format.js'
import type { Figure } from '../plot.js'
import type { Named, SearchRecord } from '../run-record.js'
import { courseOf, curveOf, curvesSpecification } from './curves.js'

/** Loss and accuracy of the supernet by epoch, of one search or several. Undefined without a finished epoch. */
export function trainingFigure(runs: readonly Named<SearchRecord>[]): Figure | undefined {
  const losses = runs.map(({ name, record }) => curveOf(name, record.epochs, ({ loss }) => loss))
  const accuracies = runs.map(({ name, record }) => curveOf(name, record.epochs, ({ accuracy }) => accuracy))
  if (losses.every(({ points }) => points.length === 0)) return undefined
  const sentences = runs.map(({ name }, i) => {
    const loss = courseOf({ ...losses[i], name: 'loss' }, (value) => decimal(value))
    const begin = runs.length > 1 ? `${name}: ` : ''
    return `${begin}${loss}; ${courseOf({ ...accuracies[i], name: 'accuracy' }, percent)}.`
  })
  return {
    name: 'training',
    title: 'Training of the supernet',
    subtitle: ['Means over the training images of an epoch, each with the sub-model that was drawn'],
    description: sentences.join(' '),
    specification: curvesSpecification([
      { title: 'cross-entropy', format: '~f', curves: losses },
      { title: 'accuracy', format: '~%', curves: accuracies },
    ]),
  }
}
