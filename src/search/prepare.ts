/** Makes and checks everything that a search needs before its first step. */
import { createHash } from 'node:crypto'
import { expected } from '../base/errors.js'
import { createRandom, type Random, RandomStream } from '../base/random.js'
import { type Config, EMBEDDED } from '../config/index.js'
import { checkAugmentation } from '../data/augmentation.js'
import { checkSplits } from '../data/check-splits.js'
import { type ImagesIdentity, identifyImages } from '../data/images-identity.js'
import { EMBEDDED_NAME, openSplits } from '../data/index.js'
import type { AnySplits } from '../data/splits.js'
import { sourceOf } from '../data/stream/streamed-images.js'
import type { GroundTruth } from '../evaluation/ground-truth.js'
import { selectSubModels } from '../evaluation/sub-models.js'
import { constraints } from '../finding/find.js'
import { checkLimits } from '../finding/index.js'
import { EMBEDDED_TABLE } from '../ground-truth/embedded-table.js'
import { loadGroundTruth } from '../ground-truth/load-ground-truth.js'
import { createMethod } from '../methods/index.js'
import type { Method, MethodContext } from '../methods/method.js'
import { describeShape, sameShape } from '../programs/program.js'
import type { Identity } from '../runs/checkpoint.js'
import { createSpace, type Path, type SearchSpace, SPACES } from '../spaces/index.js'
import { pathsWithEveryOption } from '../spaces/path.js'

export interface PreparedSearch {
  readonly splits: AnySplits
  readonly space: SearchSpace
  readonly random: Random
  readonly method: Method
  readonly groundTruth: GroundTruth | undefined
  /** The sub-models that the ranking will evaluate. */
  readonly subModels: readonly Path[]
  /** Identity of the images, which everything that is kept of them is known by. */
  readonly images: ImagesIdentity
  readonly identity: Identity
}

/** Objects that replace parts that the settings name. */
interface Replacements {
  readonly space?: SearchSpace
  readonly data?: AnySplits
  readonly method?: (context: MethodContext) => Method
  readonly signal?: AbortSignal
}

/**
 * Loads data and ground truth, and makes space, method and streams. `replacements` take the place of parts that the
 * settings name.
 *
 * @throws UserError for settings, files or replacements that do not fit together; the reason of an aborted signal.
 */
export async function prepare(config: Config, replacements: Replacements): Promise<PreparedSearch> {
  const { signal } = replacements
  signal?.throwIfAborted()
  const splits = replacements.data ?? (await openSplits(config.data, { signal }))
  const { channels, height, width } = splits.train
  const given = replacements.space ?? createSpace(config.space, { channels, height, width }, splits.classes)
  checkImages(given, splits, config)
  const random = createRandom(config.seed)
  const images = splits.train.labels.length
  const { epochs, learningRate } = config.training
  const context: MethodContext = { space: given, images, epochs, learningRate, random }
  const method = replacements.method ? ownMethod(replacements.method, context) : createMethod(config.method, context)
  const space = method.space ?? given
  const identityOfImages = identifyImages(splits)
  const groundTruth = config.groundTruth && (await readGroundTruth(config.groundTruth, space, splits.name, signal))
  // A separate stream, so that all methods and lengths of training rank the same sub-models.
  const stream = RandomStream.named(config.seed, 'ranking')
  const subModels = method.subModels ?? selectSubModels(space, config.ranking, groundTruth, stream)
  if (config.finding !== undefined) {
    // Limits of latency are checked later, because there is no supernet to measure yet.
    await checkLimits(
      constraints({ space, settings: config.finding, signal }),
      RandomStream.named(config.seed, 'limits'),
    )
  }
  return {
    splits,
    space,
    random,
    method,
    groundTruth,
    subModels,
    images: identityOfImages,
    identity: identify(space, splits, identityOfImages, replacements.method && method.name),
  }
}

/** Parts that every method has, as functions. */
const METHOD_PARTS = ['epochIndices', 'step', 'endEpoch', 'state', 'restore'] as const

/** Makes a method of the user's own. JavaScript may pass anything for it. */
function ownMethod(make: (context: MethodContext) => Method, context: MethodContext): Method {
  if (typeof make !== 'function') throw expected('a function that makes a method', 'method', typeof make, 2)
  const method = make(context)
  if (typeof method !== 'object' || method === null)
    throw expected('a method', 'what method returns', String(method), 2)
  const absent = METHOD_PARTS.filter((part) => typeof method[part] !== 'function')
  if (absent.length > 0)
    throw expected(`the functions ${METHOD_PARTS.join(', ')}`, 'method', `none for ${absent.join(', ')}`, 2)
  if (typeof method.name !== 'string' || method.name === '') {
    throw expected('a name', 'method.name', JSON.stringify(method.name) ?? 'nothing', 2)
  }
  if (!isDistribution(method.pathDistribution)) {
    throw expected(
      'lists of probabilities',
      'method.pathDistribution',
      JSON.stringify(method.pathDistribution) ?? 'nothing',
      2,
    )
  }
  return method
}

/** One list of probabilities, or one per choice. */
function isDistribution(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  return value.every(Array.isArray) ? value.every(isProbabilities) : isProbabilities(value)
}

function isProbabilities(list: readonly unknown[]): boolean {
  return list.every((one) => typeof one === 'number' && one >= 0 && one <= 1 + 1e-9)
}

function checkImages(space: SearchSpace, splits: AnySplits, { training, ranking, finding }: Config): void {
  const { train, test, classes, validation } = splits
  checkSplits(splits)
  if (!sameShape(space.input, train) || space.classes < classes) {
    const wanted = `images of ${describeShape(space.input)} in at most ${space.classes} classes`
    throw expected(wanted, space.name, `${describeShape(train)} in ${classes}`, 2)
  }
  checkAugmentation(training.augmentation, train)
  const findingImages = validation === undefined ? 'test' : 'validation'
  for (const [key, available, images, imageCount = 0] of [
    ['ranking', test.labels.length, 'test', ranking.imageCount],
    ['finding', (validation ?? test).labels.length, findingImages, finding?.imageCount],
  ] as const) {
    if (imageCount <= available) continue
    throw expected(`at most ${available} ${images} images`, `${key}.imageCount`, imageCount, 2)
  }
}

async function readGroundTruth(
  { file, column }: NonNullable<Config['groundTruth']>,
  space: SearchSpace,
  dataSet: string,
  signal: AbortSignal | undefined,
): Promise<GroundTruth> {
  const options = { column, dataSet, signal }
  if (file !== EMBEDDED) return loadGroundTruth(file, space, options)
  if (dataSet !== EMBEDDED_NAME) throw expected(`a table of ${dataSet}`, 'groundTruth.file', EMBEDDED, 2)
  if (space.name !== 'nasbench201' && SPACES.some((name) => name === space.name)) {
    const received = `${EMBEDDED}, which is of nasbench201; groundTruth=null leaves it out`
    throw expected(`a table of ${space.name}`, 'groundTruth.file', received, 2)
  }
  const truth = await loadGroundTruth(EMBEDDED_TABLE, space, options)
  return { ...truth, ...(truth.source && { source: { ...truth.source, file } }) }
}

/** Identity of a training. `method` is the name of a method that replaces the settings' one. */
export function identify(
  space: SearchSpace,
  splits: AnySplits,
  images: ImagesIdentity,
  method: string | undefined,
): Identity {
  const { operations, choices, input, classes } = space
  const tensors = space.buffers === undefined ? [space.parameters()] : [space.parameters(), space.buffers()]
  // Spaces of equal tensors may compute other things with them.
  const programs = pathsWithEveryOption(space).map((path) => space.program(path))
  const facts = JSON.stringify([operations, choices, input, classes, ...tensors, ...programs])
  return {
    space: space.name,
    spaceDigest: createHash('sha256').update(facts).digest('hex'),
    trainingImages: images.train,
    source: sourceOf(splits.train),
    ...(method !== undefined && { method }),
  }
}
