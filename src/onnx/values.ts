import type { GraphBuilder } from './graph-builder.js'

/**
 * Names of the values that instructions produce, by the instruction's index. A value is an image of the shape
 * [N, channels, height, width], as in a program, or a row of the shape [N, channels · height · width], as ONNX's `Gemm`
 * takes and returns it. If an instruction needs the other form, nodes that compute it are added.
 */
export class Values {
  readonly #builder: GraphBuilder
  readonly #images = new Map<number, string>()
  readonly #rows = new Map<number, string>()

  constructor(builder: GraphBuilder) {
    this.#builder = builder
  }

  setImage(id: number, name: string): void {
    this.#images.set(id, name)
  }

  /** Only for values of height and width 1. */
  setRow(id: number, name: string): void {
    this.#rows.set(id, name)
  }

  /** Makes `id` another index of the value that `input` produces. */
  alias(id: number, input: number): void {
    for (const names of [this.#images, this.#rows]) {
      const name = names.get(input)
      if (name !== undefined) names.set(id, name)
    }
  }

  image(id: number): string {
    const known = this.#images.get(id)
    if (known !== undefined) return known
    const name = this.#builder.node(id, 'Unsqueeze', [this.#rows.get(id)!, this.#builder.integers('axes/row', [2, 3])])
    this.#images.set(id, name)
    return name
  }

  row(id: number): string {
    const known = this.#rows.get(id)
    if (known !== undefined) return known
    const name = this.#builder.node(id, 'Flatten', [this.#images.get(id)!], { axis: 1 })
    this.#rows.set(id, name)
    return name
  }
}
