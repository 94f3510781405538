import Table from 'cli-table3'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { loadConfig } from '../config/index.js'
import { imageExtents } from '../data/extents.js'
import { UserError } from '../errors.js'
import { type Cost, costOf } from '../evaluation/cost.js'
import { createSpace, type Path, parsePath, type SearchSpace } from '../spaces/index.js'
import { CIFAR10_FOLDER, jsonOption, PAPER_CONFIG, paperConfigOption, setOption } from './options.js'
import { integer } from './output/format.js'

const options = {
  config: paperConfigOption,
  set: setOption,
  published: {
    type: 'boolean',
    default: false,
    describe: 'The network as benchmarks publish it: affine norms, no biases before them, dead edges',
  },
  json: jsonOption,
} as const

export const costCommand: CommandModule<object, InferredOptionTypes<typeof options> & { paths?: string[] }> = {
  command: 'cost [paths..]',
  describe: 'Count parameters, multiply-adds and FLOPs of paths, for one image',
  builder: (yargs) =>
    yargs
      .positional('paths', { type: 'string', array: true, describe: 'Paths, as operation indices or architecture' })
      .options(options),
  async handler({ paths: texts = [], config: file = PAPER_CONFIG, set, published, json }) {
    if (texts.length === 0) throw new UserError('Expected at least one path for cost but received none', 2)
    const config = await loadConfig({ file, set, defaults: { data: { dir: CIFAR10_FOLDER } } })
    const { input, classes } = await imageExtents(config.data)
    const space = createSpace(config.space, input, classes)
    const paths = texts.map((text) => parsePath(space, text))
    const cost = costOf(space, { published })
    const counted = paths.map((path) => ({ path, arch: space.encode(path), ...cost(path) }))
    const lines = json
      ? counted.map((one) => JSON.stringify({ event: 'cost', space: space.name, published, ...one }))
      : describe(space, counted, published)
    process.stdout.write(`${lines.join('\n')}\n`)
  },
}

function describe(space: SearchSpace, counted: readonly (Cost & { path: Path })[], published: boolean): string[] {
  const table = new Table({
    head: ['path', 'parameters', 'multiply-adds', 'FLOPs'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  })
  for (const { path, parameters, multiplyAdds, flops } of counted) {
    table.push([path.join(), integer(parameters), integer(multiplyAdds), integer(flops)])
  }
  const { channels, height, width } = space.input
  const where = published ? 'as published' : 'in the supernet'
  const subject = `${space.name}, ${where}, one image of ${channels}×${height}×${width} in ${space.classes} classes`
  return [subject, ...table.toString().split('\n')]
}
