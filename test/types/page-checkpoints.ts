/** What docs/checkpoints.md shows. Compiled by `npm run typecheck`, never run. */
import { dartsNetwork, decodeGenotype, type ImageData, importWeights, infer, readWeights } from 'pada-native'

declare const text: string
declare const images: ImageData

const network = dartsNetwork(decodeGenotype(text), { channels: 36, cells: 20 })
const { weights } = importWeights(network, await readWeights('cifar10_model.pt'))
const [logits] = await infer({ space: network, weights, images, paths: [[]] })

export { logits }
