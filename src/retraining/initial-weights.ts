/** Weights that a retraining starts from: of the same network, or of the supernet that the architecture was found in. */
import { expected, UserError } from '../base/errors.js'
import { withoutSharedPrefix } from '../formats/prefixes.js'
import type { Tensor } from '../formats/safetensors.js'
import { placeOf, type StateDictOptions } from '../formats/state-dict.js'
import { auxiliaryParameters } from '../programs/outputs.js'
import { openWeights } from '../runs/open-weights.js'
import type { StandaloneNetwork } from '../spaces/index.js'
import { type ImportReport, importWeights } from '../weights/import-weights.js'
import { listed, matchWeights } from '../weights/match.js'
import { recogniseNames } from '../weights/name-maps/index.js'

/** A tensor of a block of CLOSE beside its first one. */
const OTHER_BLOCK = /\.blocks\.[1-9]\d*\./

/** Sources of weights, of which at most one is given; each is a file that `readWeights` reads, or a run folder. */
export interface InitialSources {
  /** Weights of this network. */
  readonly init?: string
  /** Which state dict of the file `init`, and the prefix of its names. */
  readonly choice?: StateDictOptions
  /** Weights of a supernet of this network's size. Norms start as usual if the supernet's have no parameters. */
  readonly inherit?: string
}

/** Weights to start from, and a report for `import.json`. */
export interface InitialWeights {
  readonly weights: ReadonlyMap<string, Tensor>
  readonly report: Pick<ImportReport, 'from' | 'matched' | 'initial'> & { readonly source: string }
}

/**
 * Reads the weights; undefined if no source is given.
 *
 * @throws UserError for files that cannot be read, and for weights of another network.
 */
export async function initialWeights(
  network: StandaloneNetwork,
  { init, choice, inherit }: InitialSources,
): Promise<InitialWeights | undefined> {
  if (init !== undefined) {
    const opened = await openWeights(init, choice)
    const tensors = choice?.prefix === undefined ? withoutPrefixOf(network, opened.weights) : opened.weights
    const source = placeOf(init, opened)
    // Other implementations may have the same names; then nothing is to be renamed.
    const isKnown = recogniseNames([...tensors.keys()]).spaces?.includes(network.name)
    const { weights, report } = importWeights(network, tensors, { source, ...(!isKnown && { from: 'pada-native' }) })
    return { weights, report: { source, ...report } }
  }
  if (inherit === undefined) return undefined
  return fromSupernet(network, (await openWeights(inherit)).weights, inherit)
}

/** Takes off a beginning that all names share, if the rest are names of the network. */
function withoutPrefixOf(network: StandaloneNetwork, tensors: ReadonlyMap<string, Tensor>) {
  const names = network.parameters().map(({ name }) => name)
  const known = (byName: ReadonlyMap<string, Tensor>) => names.some((name) => byName.has(name))
  return known(tensors) ? tensors : withoutSharedPrefix(new Map(tensors), known).tensors
}

function fromSupernet(
  network: StandaloneNetwork,
  tensors: ReadonlyMap<string, Tensor>,
  source: string,
): InitialWeights {
  const { supernetNames } = network
  if (supernetNames === undefined) {
    throw expected('a network of the shapes of its supernet', '--inherit', network.name, 2)
  }
  if ([...tensors.keys()].some((name) => OTHER_BLOCK.test(name))) {
    throw expected(
      'one weight per operation',
      `--inherit of ${source}`,
      'blocks of CLOSE, among which a gate chooses',
      2,
    )
  }
  const renamed = new Map<string, Tensor>()
  const specs = [...network.parameters(), ...network.buffers()]
  for (const { name } of specs) {
    const theirs = supernetNames(name).find((theirs) => tensors.has(theirs))
    if (theirs !== undefined) renamed.set(name, tensors.get(theirs)!)
  }
  const { matched, missing, misfits } = matchWeights(specs, renamed)
  // Norms of a supernet may lack parameters and running statistics. No supernet has an auxiliary head.
  const auxiliary = auxiliaryParameters(network.program([]))
  const needed = new Set(
    network
      .parameters()
      .filter(({ name, shape }) => (shape.length > 1 || name === 'classifier.bias') && !auxiliary.has(name))
      .map(({ name }) => name),
  )
  const complaints = [
    listed(
      'missing',
      missing.filter((name) => needed.has(name)),
    ),
    listed('of another shape', misfits),
  ].filter((complaint) => complaint !== undefined)
  if (complaints.length > 0) {
    throw new UserError(
      `Expected a supernet of the size of ${network.name} in ${source} but received ${complaints.join('; ')}`,
      2,
    )
  }
  const weights = new Map(matched.map((name) => [name, renamed.get(name)!]))
  return { weights, report: { source, from: 'supernet', matched: matched.length, initial: missing } }
}
