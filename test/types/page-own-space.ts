/** What docs/own-space.md shows. Compiled by `npm run typecheck`, never run. */
import { type Config, operationChoices, ProgramBuilder, type SearchSpace, search, type Value } from 'pada-native'

declare const config: Config
declare const IMAGE: SearchSpace['input']
declare const KERNELS: readonly (number | undefined)[]
declare const LAYERS: readonly string[]
declare const others: Pick<SearchSpace, 'input' | 'classes' | 'parameters' | 'encode' | 'decode'>
declare function convolution(x: Value, name: string, kernel: number): Value

const space: SearchSpace = {
  name: 'three-layers',
  operations: ['skip', 'conv3x3', 'conv5x5'],
  choices: operationChoices(['first', 'second', 'third'], 3),
  ...others,
  program(path) {
    const builder = new ProgramBuilder()
    let x = convolution(builder.input(IMAGE), 'stem', 3)
    for (const [layer, operation] of path.entries()) {
      const kernel = KERNELS[operation]
      if (kernel !== undefined) x = convolution(builder.relu(x), `${LAYERS[layer]}.${operation}`, kernel)
    }
    const pooled = builder.globalAvgPool(builder.relu(x))
    return builder.finish(builder.linear(pooled, { weight: 'head.weight', bias: 'head.bias', features: 10 }))
  },
}

for await (const event of search(config, { space })) console.log(event)
