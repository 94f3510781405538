/** What judges the sub-models of a run: images on the device, and records in its folder of all that was found out. */
import type { Config, LatencyConfig, RankingConfig } from '../config/schema.js'
import type { Splits } from '../data/index.js'
import { openImages } from '../data/source.js'
import { calibrationIndices, type Evaluator } from '../evaluation/evaluate.js'
import { latencyKey, measureLatency, noiseDataset } from '../evaluation/latency.js'
import type { CalibrationImages, ImageSource, Supernet } from '../native/index.js'
import { EvaluatedPaths } from '../runs/evaluated.js'
import { PathRecords } from '../runs/path-records.js'
import type { Path, SearchSpace } from '../spaces/space.js'

export interface JudgeOptions {
  readonly config: Config
  readonly space: SearchSpace
  readonly splits: Splits
  readonly supernet: Supernet
  /** Whether paths share the supernet, so that each needs running statistics of its own. */
  readonly shared: boolean
  /** Position of training that the weights are of. */
  readonly position: { readonly epoch: number; readonly step: number }
  /** The place of a file in the run folder. */
  file(name: string): string
  readonly signal?: AbortSignal
}

type EvaluationSettings = Pick<RankingConfig, 'batchSize' | 'imageCount'>

export class Judge implements Disposable {
  readonly #options: JudgeOptions
  /** Test images. */
  readonly #test: ImageSource
  /** Held out images, where there are any. */
  readonly #validation: ImageSource | undefined
  readonly #calibration: CalibrationImages | undefined
  readonly #records = new Map<string, EvaluatedPaths>()
  #noise: ImageSource | undefined

  constructor(options: JudgeOptions) {
    const { config, space, splits, shared } = options
    this.#options = options
    this.#test = openImages(splits.test, config.device)
    this.#validation = splits.validation && openImages(splits.validation, config.device)
    const { recalibration } = config.ranking
    if (shared && space.buffers !== undefined && recalibration.images > 0) {
      const dataset = openImages(splits.train, config.device)
      const indices = calibrationIndices(dataset.count, recalibration, config.seed)
      this.#calibration = { dataset, indices, batchSize: recalibration.batchSize }
    }
  }

  /** Time spent on all evaluations that the records hold. */
  get seconds(): number {
    let sum = 0
    for (const evaluated of this.#records.values()) sum += evaluated.seconds
    return sum
  }

  ranking(): Promise<Evaluator> {
    return this.#evaluator(this.#test, this.#options.config.ranking, 'evaluated.jsonl')
  }

  /**
   * Evaluates on held out images. Where there are none it evaluates as the ranking does, and shares its records, unless
   * the settings say otherwise.
   */
  finding(settings: Partial<EvaluationSettings>): Promise<Evaluator> {
    const { ranking } = this.#options.config
    const { batchSize = ranking.batchSize } = settings
    if (this.#validation !== undefined) {
      return this.#evaluator(
        this.#validation,
        { batchSize, imageCount: settings.imageCount },
        'evaluated-finding.jsonl',
      )
    }
    const { imageCount = ranking.imageCount } = settings
    const [count, ranked] = [imageCount ?? this.#test.count, ranking.imageCount ?? this.#test.count]
    const same = batchSize === ranking.batchSize && count === ranked
    return this.#evaluator(this.#test, { batchSize, imageCount }, same ? 'evaluated.jsonl' : 'evaluated-finding.jsonl')
  }

  /** A function that tells milliseconds per batch, measured once per path. */
  async latency(settings: LatencyConfig): Promise<(path: Path) => Promise<number>> {
    const { config, space, supernet, file, signal } = this.#options
    const key = latencyKey(config, settings)
    const records = await PathRecords.read<{ path: Path; latency: number }>(file('latency.jsonl'), key)
    this.#noise ??= noiseDataset(space.input, settings.batchSize, config.device)
    const options = { ...settings, space, supernet, data: this.#noise, signal }
    return async (path) => {
      const known = records.get(path)
      if (known !== undefined) return known.latency
      const latency = await measureLatency(path, options)
      await records.add({ path, latency })
      return latency
    }
  }

  async #evaluator(data: ImageSource, { batchSize, imageCount }: EvaluationSettings, name: string): Promise<Evaluator> {
    const { space, supernet, position, file, signal } = this.#options
    const calibration = this.#calibration
    const recalibration = calibration && { images: calibration.indices.length, batchSize: calibration.batchSize }
    const { epoch, step } = position
    const heldOut = data === this.#validation ? { heldOut: true } : {}
    const key = { epoch, step, batchSize, imageCount: imageCount ?? data.count, recalibration, ...heldOut }
    const evaluated = this.#records.get(name) ?? (await EvaluatedPaths.open(file(name), key))
    this.#records.set(name, evaluated)
    return { space, supernet, data, batchSize, imageCount, calibration, evaluated, signal }
  }

  [Symbol.dispose](): void {
    this.#test.dispose()
    this.#validation?.dispose()
    this.#calibration?.dataset.dispose()
    this.#noise?.dispose()
  }
}
