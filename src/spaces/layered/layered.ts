/** Supernets of layers in a row. Each layer chooses one of its candidate blocks. */

import type { Program, Shape } from '../../programs/program.js'
import { ProgramBuilder } from '../../programs/program-builder.js'
import { checkPath } from '../path.js'
import type { BufferSpec, OperationChoice, ParameterSpec, Path } from '../space.js'
import type { Block } from './block.js'

export interface Layer {
  /** Name in messages, such as `layer 7`. */
  readonly name: string
  /** Blocks by operation index; a layer may lack the last operations. */
  readonly candidates: readonly Block[]
}

export interface LayeredNetwork {
  readonly choices: readonly OperationChoice[]
  parameters(): readonly ParameterSpec[]
  buffers(): readonly BufferSpec[]
  /** Throws a UserError for a path outside the space. */
  program(path: Path): Program
}

/** The network of the space `name`: the blocks of `stem`, one candidate of each layer, the blocks of `head`. */
export function layeredNetwork(
  name: string,
  input: Shape,
  { stem, layers, head }: { stem: readonly Block[]; layers: readonly Layer[]; head: readonly Block[] },
): LayeredNetwork {
  const blocks = [...stem, ...layers.flatMap((layer) => layer.candidates), ...head]
  const parameters = blocks.flatMap((block) => block.parameters)
  const buffers = blocks.flatMap((block) => block.buffers)
  const choices = layers.map((layer) => ({ name: layer.name, operations: [...layer.candidates.keys()] }))
  return {
    choices,
    parameters: () => parameters,
    buffers: () => buffers,
    program(path: Path): Program {
      checkPath({ name, choices }, path)
      const builder = new ProgramBuilder()
      let x = builder.input(input)
      for (const block of stem) x = block.apply(builder, x)
      for (const [i, { candidates }] of layers.entries()) x = candidates[path[i]].apply(builder, x)
      for (const block of head) x = block.apply(builder, x)
      return builder.finish(x)
    },
  }
}
