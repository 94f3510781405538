import { decimal, percent } from '../../base/format.js'
import type { Figure } from '../plot.js'
import type { Named, RetrainRecord } from '../run-record.js'
import { type Curve, courseOf, curveOf, curvesSpecification } from './curves.js'

/**
 * Loss and top-1 accuracy of retrainings by epoch. Of one: training, test and, if weights are averaged, test with
 * averaged weights. Of several: test accuracies only. Undefined without a finished epoch.
 */
export function retrainingFigure(runs: readonly Named<RetrainRecord>[]): Figure | undefined {
  const { losses, accuracies } = runs.length === 1 ? curvesOfOne(runs[0].record) : curvesOfMany(runs)
  if (accuracies.length === 0) return undefined
  const averages = runs.some(({ record }) => record.epochs.some(({ top1Averaged }) => top1Averaged !== undefined))
  const sentences = [
    ...losses.map((curve) => courseOf({ ...curve, name: `Loss, ${curve.name}:` }, (value) => decimal(value))),
    ...accuracies.map((curve) => courseOf({ ...curve, name: `Accuracy, ${curve.name}:` }, percent)),
  ]
  return {
    name: 'retraining',
    title: 'Training of the network alone',
    subtitle: [
      runs.length === 1
        ? 'Test images are evaluated after every epoch; training images count as they are trained on'
        : `Test images, after every epoch${averages ? '; accuracies of averaged weights where a run has them, losses of raw ones' : ''}`,
    ],
    description: `${sentences.join('. ')}.`,
    specification: curvesSpecification([
      { title: 'cross-entropy', format: '~f', curves: losses },
      { title: 'top-1 accuracy', format: '~%', curves: accuracies },
    ]),
  }
}

interface Curves {
  readonly losses: readonly Curve[]
  readonly accuracies: readonly Curve[]
}

function curvesOfOne({ epochs }: RetrainRecord): Curves {
  const hasAveraged = epochs.some(({ top1Averaged }) => top1Averaged !== undefined)
  const test = hasAveraged ? 'test, raw weights' : 'test'
  return {
    losses: known([curveOf('training', epochs, ({ loss }) => loss), curveOf(test, epochs, ({ testLoss }) => testLoss)]),
    accuracies: known([
      curveOf('training', epochs, ({ trainTop1 }) => trainTop1),
      curveOf(test, epochs, ({ top1 }) => top1),
      curveOf('test, averaged weights', epochs, ({ top1Averaged }) => top1Averaged),
    ]),
  }
}

/** Averaged weights count where there are any, because they are the ones that are kept. */
function curvesOfMany(runs: readonly Named<RetrainRecord>[]): Curves {
  return {
    losses: known(runs.map(({ name, record }) => curveOf(name, record.epochs, ({ testLoss }) => testLoss))),
    accuracies: known(
      runs.map(({ name, record }) => curveOf(name, record.epochs, ({ top1, top1Averaged }) => top1Averaged ?? top1)),
    ),
  }
}

function known(curves: readonly Curve[]): Curve[] {
  return curves.filter(({ points }) => points.length > 0)
}
