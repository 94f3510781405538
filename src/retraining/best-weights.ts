/**
 * `best.safetensors` in a run folder: the weights of the epoch that was best on the test images so far, averaged if the
 * run averages them.
 */
import { exists } from '../base/files.js'
import type { RetrainConfig } from '../config/index.js'
import { readSafetensors, type Tensor, writeSafetensors } from '../formats/safetensors.js'
import { checkBestWeights, settingsAsMetadata } from '../runs/best-weights-of-run.js'
import { BEST_WEIGHTS, type RunFolder } from '../runs/run-folder.js'
import type { RetrainEpochEvent, RetrainResult } from './events.js'

type Best = RetrainResult['best']
type Folder = Pick<RunFolder, 'path' | 'file' | 'recordFile' | 'lost'>

export class BestWeights {
  readonly #run: Folder
  readonly #settings: RetrainConfig
  #best: Best | undefined

  /** `best`: the epoch that the file of the run is of; undefined if the next epoch replaces the file in any case. */
  constructor(run: Folder, settings: RetrainConfig, best?: Best) {
    this.#run = run
    this.#settings = settings
    this.#best = best
  }

  /**
   * Reads which epoch the file of a run is of, if there is one. A file of an epoch that is trained again, because the
   * checkpoint is of `epochs` epochs only, counts for nothing.
   *
   * @throws UserError for a file that another run wrote.
   */
  static async open(run: Folder, settings: RetrainConfig, epochs: number): Promise<BestWeights> {
    const file = run.file(BEST_WEIGHTS)
    if (!(await exists(file))) return new BestWeights(run, settings)
    const { metadata } = await readSafetensors(file)
    checkBestWeights(file, metadata, settings)
    const [epoch, top1, top5] = ['epoch', 'top1', 'top5'].map((key) => Number(metadata.get(key)))
    if (epoch >= epochs) return new BestWeights(run, settings)
    const weights = metadata.get('weights') === 'averaged' ? 'averaged' : 'raw'
    return new BestWeights(run, settings, { epoch, top1, top5, weights })
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
    const accuracies = { epoch: `${epoch}`, top1: `${top1}`, top5: `${top5}`, weights }
    const metadata = { format: 'pt', ...accuracies, ...settingsAsMetadata(this.#settings) }
    const file = this.#run.recordFile(BEST_WEIGHTS)
    if (file !== undefined) await writeSafetensors(file, await read(), metadata)
    this.#best = { epoch, top1, top5, weights }
  }
}
