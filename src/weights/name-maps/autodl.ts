/**
 * The supernets of NAS-Bench-201 in AutoDL-Projects (D-X-Y/AutoDL-Projects, `xautodl/models/cell_searchs`):
 * `GenericNAS201Model` (names that begin with `_stem` and `_cells`) and the `TinyNetwork…` before it (`stem`, `cells`).
 *
 * Their batch norms of stem, residual blocks and head have parameters, as here with `affine` (but for the head of a generic
 * model, where they are an option), and the convolutions of residual blocks no biases; edges are as here unless they were
 * given parameters too.
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

/** Only a generic model can be without parameters there. */
function hasPlainHead(tensors: WeightShapes): boolean {
  return tensors.has('_stem.0.weight') && !tensors.has(`${HEAD_NORM}.weight`) && !tensors.has(`${HEAD_NORM}.bias`)
}

function moduleOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'))
}
