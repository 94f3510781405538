/**
 * The supernets of NAS-Bench-201 in AutoDL-Projects (D-X-Y/AutoDL-Projects, `xautodl/models/cell_searchs`):
 * `GenericNAS201Model` (names begin with `_stem` and `_cells`) and the older `TinyNetwork…` (`stem`, `cells`).
 *
 * Batch norms of stem, residual blocks and head have parameters there, as here with `affine`; in the head of a generic
 * model they are optional. Convolutions of residual blocks have no biases. Batch norms of edges have parameters only if
 * the supernet was made with them; here they have none.
 */
import type { WeightShapes } from '../../spaces/entry.js'
import type { NameMap } from './name-map.js'

const CONVOLUTION = String.raw`cells\.\d+\.(conv_[ab]|edges\.\d<-\d\.\d)\.op`
const NORMS = new RegExp(String.raw`^(_?stem\.1|lastact\.0|_?${CONVOLUTION}\.2)$`)
const HEAD_NORM = 'lastact.0'

export const AUTODL: NameMap = {
  name: 'autodl',
  spaces: ['nasbench201'],
  recognises: (names) =>
    names.some((name) => /\.edges\.\d<-\d\./.test(name)) &&
    names.some((name) => /^(_stem|_cells|arch_parameters$|controller\.)/.test(name) || NORMS.test(moduleOf(name))),
  rename,
  translate: (tensors, _, given) => ({
    names: new Map([...tensors.keys()].map((name) => [name, rename(name)])),
    path: given?.path,
    ...(hasPlainHead(tensors) && { plainNorms: [HEAD_NORM] }),
  }),
  unused: (name) => (/^(arch_parameters$|controller\.)/.test(name) ? 'architecture parameters' : undefined),
  norms: NORMS,
  affineNorms: /^(_?stem\.1|lastact\.0|_?cells\.\d+\.conv_[ab]\.op\.2)\.(weight|bias)$/,
  ineffectiveBiases: new RegExp(`^${CONVOLUTION}\\.1\\.bias$`),
}

function rename(name: string): string {
  return name.replace(/^_(?=stem\.|cells\.)/, '')
}

/** True if the head's batch norm has no parameters, which is possible in a generic model only. */
function hasPlainHead(tensors: WeightShapes): boolean {
  return tensors.has('_stem.0.weight') && !tensors.has(`${HEAD_NORM}.weight`) && !tensors.has(`${HEAD_NORM}.bias`)
}

function moduleOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'))
}
