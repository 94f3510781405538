/**
 * A method of your own: operations with a low training loss are sampled more often. This is not meant to be a good
 * method; it shows what a method must decide, which state it keeps and how to pass it to a search.
 *
 *     node examples/own-method.ts [RUN-FOLDER]
 */
import * as pada from 'pada-native'

await pada.ensureNative({ log: console.error })

/** If an operation's mean loss is higher by 1, its probability is e^(1/TEMPERATURE) times lower. */
const TEMPERATURE = 0.1

class LossGuided implements pada.Method {
  readonly name = 'loss-guided'
  readonly #context: pada.MethodContext
  /** Per operation, the sum of the losses of this epoch's steps that used it, and their number. */
  readonly #losses: Float64Array
  readonly #counts: Float64Array
  #probabilities: Float64Array

  constructor(context: pada.MethodContext) {
    const { length } = context.space.operations
    this.#context = context
    this.#losses = new Float64Array(length)
    this.#counts = new Float64Array(length)
    this.#probabilities = new Float64Array(length).fill(1 / length)
  }

  get pathDistribution(): readonly number[] {
    return [...this.#probabilities]
  }

  epochIndices(): Int32Array {
    return pada.shuffledIndices(this.#context.images, this.#context.random.data)
  }

  async step({ supernet, plan }: pada.Engine, batch: pada.Batch, options: pada.StepOptions): Promise<pada.StepOutcome> {
    const { space, random } = this.#context
    const paths = new pada.PathSampler(space.choices.map(() => this.#probabilities))
    const path = paths.draw(random.paths)
    const outcome = await supernet.trainStep(plan(path), batch, options)
    for (const operation of pada.operationsOf(space, path)) {
      this.#losses[operation] += outcome.loss
      this.#counts[operation]++
    }
    return outcome
  }

  endEpoch(): void {
    // An operation that no step used has no loss and keeps its probability; the others share the rest.
    const isUsed = (_: number, k: number) => this.#counts[k] > 0
    const scores = this.#losses.map((loss, k) => Math.exp(-loss / this.#counts[k] / TEMPERATURE))
    const factor = sumOf(this.#probabilities.filter(isUsed)) / sumOf(scores.filter(isUsed))
    this.#probabilities = this.#probabilities.map((before, k) => (isUsed(before, k) ? factor * scores[k] : before))
    this.#losses.fill(0)
    this.#counts.fill(0)
  }

  // All state that lasts from step to step, so that a continued run equals an unbroken one.
  state(): pada.MethodState {
    return { losses: this.#losses, counts: this.#counts, probabilities: this.#probabilities }
  }

  restore({ losses, counts, probabilities }: pada.MethodState): void {
    this.#losses.set(losses)
    this.#counts.set(counts)
    this.#probabilities = probabilities
  }
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0)
}

const config = pada.parseConfig({
  threads: 1,
  space: { name: 'nasbench201', channels: 4, cellsPerStage: 1 },
  data: { format: 'embedded', padTo: 32, downsample: 2, trainCount: 600, testCount: 100 },
  training: { epochs: 3, batchSize: 40, augmentation: [{ kind: 'pad-crop', padding: 2 }, { kind: 'flip' }] },
  ranking: { subModels: 20, top: 3 },
})
const method = (context: pada.MethodContext) => new LossGuided(context)

for await (const event of pada.search(config, { method, out: process.argv[2] })) {
  if (event.event === 'epoch') {
    const shares = (event.pathDistribution as number[]).map((share) => share.toFixed(2))
    console.log(`epoch ${event.epoch}: loss ${event.loss.toFixed(3)}, operations ${shares.join(' ')}`)
  }
  if (event.event === 'result') for (const { arch } of event.top) console.log(arch)
}
