/** Evaluates the sub-models of a run: keeps images on the device, and records of all results in the run folder. */
import type { Config, LatencyConfig, RankingConfig } from '../config/schema.js'
import type { ImagesIdentity } from '../data/images-identity.js'
import { openForEvaluations } from '../data/source.js'
import type { AnySplits } from '../data/splits.js'
import { stratify } from '../data/stratified.js'
import { isStreamed, pickStreamed } from '../data/stream/streamed-images.js'
import type { World } from '../distributed/index.js'
import { calibrationIndices, type Evaluator } from '../evaluation/evaluate.js'
import { latencyKey, measureLatency, noiseDataset } from '../evaluation/latency.js'
import type { Method } from '../methods/method.js'
import { type CalibrationImages, contentDigest, type ImageSource, type Supernet } from '../native/index.js'
import type { DiscardedEvent } from '../runs/computed-from.js'
import {
  EVALUATED,
  EVALUATED_BY_FINDING,
  EVALUATION_RULE,
  EvaluatedPaths,
  type EvaluationKey,
} from '../runs/evaluated.js'
import { PathRecords } from '../runs/path-records.js'
import type { RunFolder } from '../runs/run-folder.js'
import { type Path, type SearchSpace, spaceSize } from '../spaces/index.js'

export interface EvaluatorsOptions {
  readonly config: Config
  readonly space: SearchSpace
  readonly splits: AnySplits
  readonly images: ImagesIdentity
  readonly supernet: Supernet
  /** True if paths share the supernet, so that each path needs running statistics of its own. */
  readonly shared: boolean
  /** Digest of the supernet's weights. */
  readonly weights: string
  /** Run folder. */
  readonly run: Pick<RunFolder, 'recordFile' | 'lost'>
  /** Processes that evaluate together. */
  readonly world?: World
  readonly signal?: AbortSignal
}

type EvaluationSettings = Pick<RankingConfig, 'batchSize' | 'imageCount'>

/** True if several paths share weights. A network that was trained alone has the right running statistics already. */
export function sharesWeights(space: SearchSpace, method: Pick<Method, 'subModels'>): boolean {
  return method.subModels?.length !== 1 && spaceSize(space) > 1n
}

/** True if paths share running statistics, which are right for none of them. `shared` is as in the options. */
export function sharesStatistics(space: SearchSpace, shared: boolean): boolean {
  return shared && space.buffers !== undefined
}

/** True if each path gets running statistics of its own before it is evaluated. */
export function recalibrates({ ranking }: Config, space: SearchSpace, shared: boolean): boolean {
  return sharesStatistics(space, shared) && ranking.recalibration.images > 0
}

/** The training images that running statistics are estimated from. The caller disposes of the dataset. */
export interface Calibration {
  readonly images: CalibrationImages
  /** Digest of the indices of these images among the training images. */
  readonly sample: string
}

/** Takes a sample of the training images; see {@link calibrationIndices}. */
export function openCalibration({ ranking, seed, device }: Config, { train }: AnySplits): Calibration {
  const { batchSize } = ranking.recalibration
  const indices = calibrationIndices(train.labels, ranking.recalibration, seed)
  const sample = contentDigest(indices)
  if (!isStreamed(train)) return { images: { dataset: openForEvaluations(train, device), indices, batchSize }, sample }
  const dataset = openForEvaluations(pickStreamed(train, indices), device)
  return { images: { dataset, indices: indices.map((_, i) => i), batchSize }, sample }
}

export class Evaluators implements Disposable {
  readonly #options: EvaluatorsOptions
  /** Test images. */
  readonly #test: ImageSource
  /** Images held out of the training images, if there are any. */
  readonly #validation: ImageSource | undefined
  readonly #calibration: Calibration | undefined
  readonly #records = new Map<string, EvaluatedPaths>()
  readonly #discarded: DiscardedEvent[] = []
  #noise: ImageSource | undefined

  constructor(options: EvaluatorsOptions) {
    const { config, space, splits, shared } = options
    this.#options = options
    this.#test = openForEvaluations(stratify(splits.test), config.device)
    this.#validation = splits.validation && openForEvaluations(stratify(splits.validation), config.device)
    if (recalibrates(config, space, shared)) this.#calibration = openCalibration(config, splits)
  }

  /** Damaged images that were replaced by others, one sentence each. */
  get damaged(): readonly string[] {
    return [this.#test, this.#validation, this.#calibration?.images.dataset].flatMap((images) => images?.damaged ?? [])
  }

  /** Records of the run folder that were discarded since the last call. */
  takeDiscarded(): DiscardedEvent[] {
    return this.#discarded.splice(0)
  }

  #noteDiscarded(file: string, { discarded }: Pick<EvaluatedPaths, 'discarded'>): void {
    if (discarded !== undefined) this.#discarded.push({ event: 'discarded', file, ...discarded })
  }

  /** Evaluates on test images, with the settings of the ranking. */
  forRanking(): Promise<Evaluator> {
    return this.#evaluator(this.#test, this.#options.config.ranking, EVALUATED)
  }

  /**
   * Evaluates on held out images, or on test images if none are held out. Defaults are the ranking's batch size and, on
   * test images, its image count. On test images with both equal to the ranking's, the records are shared.
   */
  forFinding(settings: Partial<EvaluationSettings>): Promise<Evaluator> {
    const { ranking } = this.#options.config
    const { batchSize = ranking.batchSize } = settings
    if (this.#validation !== undefined) {
      return this.#evaluator(this.#validation, { batchSize, imageCount: settings.imageCount }, EVALUATED_BY_FINDING)
    }
    const { imageCount = ranking.imageCount } = settings
    const [count, ranked] = [imageCount ?? this.#test.count, ranking.imageCount ?? this.#test.count]
    const same = batchSize === ranking.batchSize && count === ranked
    return this.#evaluator(this.#test, { batchSize, imageCount }, same ? EVALUATED : EVALUATED_BY_FINDING)
  }

  /** A function that returns a path's milliseconds per batch, measured once per path. */
  async latency(settings: LatencyConfig): Promise<(path: Path) => Promise<number>> {
    const { config, space, supernet, run, world, signal } = this.#options
    const key = latencyKey(config, settings)
    const name = 'latency.jsonl'
    const records = await PathRecords.read<{ path: Path; latency: number }>(run.recordFile(name), key, run.lost)
    this.#noteDiscarded(name, records)
    this.#noise ??= noiseDataset(space.input, settings.batchSize, config.device)
    const options = { ...settings, space, supernet, data: this.#noise, signal }
    const latencyOf = async (path: Path) => {
      const known = records.get(path)
      if (known !== undefined) return known.latency
      const latency = await measureLatency(path, options)
      await records.add({ path, latency })
      return latency
    }
    // The other processes wait for the first, so that nothing else computes while it measures.
    return (path) => (world === undefined ? latencyOf(path) : world.fromFirst(() => latencyOf(path)))
  }

  async #evaluator(data: ImageSource, { batchSize, imageCount }: EvaluationSettings, name: string): Promise<Evaluator> {
    const { space, supernet, weights, images, run, world, signal } = this.#options
    const calibration = this.#calibration
    const key: EvaluationKey = {
      rule: EVALUATION_RULE,
      weights,
      images: data === this.#validation ? images.validation! : images.test,
      batchSize,
      imageCount: imageCount ?? data.count,
      ...(calibration && {
        recalibration: {
          images: images.train,
          sample: calibration.sample,
          batches: Math.ceil(calibration.images.indices.length / calibration.images.batchSize),
        },
      }),
    }
    let evaluated = this.#records.get(name)
    if (evaluated === undefined) {
      evaluated = await EvaluatedPaths.open(run.recordFile(name), key, run.lost)
      this.#noteDiscarded(name, evaluated)
      this.#records.set(name, evaluated)
    }
    return { space, supernet, data, batchSize, imageCount, calibration: calibration?.images, evaluated, world, signal }
  }

  [Symbol.dispose](): void {
    this.#test.dispose()
    this.#validation?.dispose()
    this.#calibration?.images.dataset.dispose()
    this.#noise?.dispose()
  }
}
