/**
 * `best.safetensors` in a run folder: the weights of the epoch that was best on the test images so far, averaged if the
 * run averages them.
 */
import { exists } from '../base/files.js'
import { readSafetensors, type Tensor, writeSafetensors } from '../formats/safetensors.js'
import { BEST_WEIGHTS, type RunFolder } from '../runs/run-folder.js'
import type { RetrainEpochEvent, RetrainResult } from './events.js'

type Best = RetrainResult['best']

export class BestWeights {
  readonly #run: Pick<RunFolder, 'file' | 'recordFile' | 'lost'>
  #best: Best | undefined

  /** `best`: the epoch that the file of the run is of; undefined if the next epoch replaces the file in any case. */
  constructor(run: Pick<RunFolder, 'file' | 'recordFile' | 'lost'>, best?: Best) {
    this.#run = run
    this.#best = best
  }

  /**
   * Reads which epoch the file of a run is of, if there is one. A file of an epoch that is trained again, because the
   * checkpoint is of `epochs` epochs only, counts for nothing.
   */
  static async open(run: Pick<RunFolder, 'file' | 'recordFile' | 'lost'>, epochs: number): Promise<BestWeights> {
    const file = run.file(BEST_WEIGHTS)
    if (!(await exists(file))) return new BestWeights(run)
    const { metadata } = await readSafetensors(file)
    const [epoch, top1, top5] = ['epoch', 'top1', 'top5'].map((key) => Number(metadata.get(key)))
    if (epoch >= epochs) return new BestWeights(run)
    const weights = metadata.get('weights') === 'averaged' ? 'averaged' : 'raw'
    return new BestWeights(run, { epoch, top1, top5, weights })
  }

  /** The best epoch so far; undefined before the first. */
  get best(): Best | undefined {
    return this.#best
  }

  /**
   * Replaces the file by the weights that `read` gives if the epoch is better than all before it. The first of equally
   * good epochs stays.
   */
  async offer(event: RetrainEpochEvent, read: () => Promise<ReadonlyMap<string, Tensor>>): Promise<void> {
    const { epoch, top1Averaged, top5Averaged } = event
    const isAveraged = top1Averaged !== undefined && top5Averaged !== undefined
    const weights = isAveraged ? 'averaged' : 'raw'
    const { top1, top5 } = isAveraged ? { top1: top1Averaged, top5: top5Averaged } : event
    if (this.#best !== undefined && top1 <= this.#best.top1) return
    this.#run.lost.throwIfAborted()
    const metadata = { format: 'pt', epoch: `${epoch}`, top1: `${top1}`, top5: `${top5}`, weights }
    const file = this.#run.recordFile(BEST_WEIGHTS)
    if (file !== undefined) await writeSafetensors(file, await read(), metadata)
    this.#best = { epoch, top1, top5, weights }
  }
}
