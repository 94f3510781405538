/** Shows images as a network sees them after augmentation. */
import { scalars } from '../../src/base/shapes.js'
import { type Augmentation, Dataset, type ImageSource, type Plan, Supernet } from '../../src/native/index.js'
import type { Shape } from '../../src/programs/program.js'
import { NetBuilder } from './small-net.js'
import { byName } from './state.js'

/** Standard deviation of each channel, by which a lens expects images to be normalised. */
export const STD = 0.25

/**
 * A network whose first layer has one weight for each number of the image. With a batch of one image, the gradient of
 * these weights is the image times the gradient of the bias: so the augmented image can be read back.
 */
export class Lens implements Disposable {
  readonly #shape: Shape
  readonly #mean: readonly number[]
  /** Kernels are square, so the image is cut into squares, row by row. */
  readonly #side: number
  readonly #builder = new NetBuilder()
  readonly #net: Supernet
  readonly #plan: Plan
  readonly #dataset: ImageSource

  private constructor(shape: Shape, dataset: ImageSource, mean: readonly number[]) {
    const { height, width } = shape
    this.#shape = shape
    this.#mean = mean
    this.#side = greatestCommonDivisor(height, width)
    const { program } = this.#builder
    const image = program.input(shape)
    const parts = this.#squares().map(([top, left], i) => {
      const square = program.crop2d(image, { top, left, height: this.#side, width: this.#side })
      return this.#builder.conv(square, 1, this.#side, { padding: 0, bias: i === 0, as: `square${i}` })
    })
    const classifier = this.#builder.classify(parts.length === 1 ? parts[0] : program.add(parts), 2)
    this.#net = new Supernet(this.#builder.specs)
    this.#plan = this.#net.compile(classifier)
    this.#dataset = dataset
  }

  /**
   * A lens for these images, count × channels × height × width.
   *
   * @param mean In bytes, one per channel. Floats need none.
   */
  static async of(shape: Shape, images: Uint8Array | Float32Array, mean: readonly number[] = []): Promise<Lens> {
    const labels = new Int32Array(images.length / (shape.channels * shape.height * shape.width))
    const normalisation = images instanceof Uint8Array && {
      mean: mean.map((byte) => byte / 255),
      std: mean.map(() => STD),
    }
    return Lens.through(shape, new Dataset({ ...shape, images, labels, ...normalisation }), mean)
  }

  /** A lens for the images of a source, which it disposes of. They have the mean `mean`, in bytes, and {@link STD}. */
  static async through(shape: Shape, source: ImageSource, mean: readonly number[]): Promise<Lens> {
    const lens = new Lens(shape, source, mean)
    const initial = lens.#builder.specs.map(({ name, shape }) =>
      name === 'head.weight' ? [1, -1] : new Array<number>(scalars(shape)).fill(0),
    )
    await lens.#net.write('parameters', Float32Array.from(initial.flat()))
    return lens
  }

  /** The image as the network sees it: height × width × channels. */
  async normalised(index: number, augmentation?: Augmentation): Promise<number[]> {
    await this.#net.accumulate(this.#plan, { dataset: this.#dataset, indices: Int32Array.of(index), augmentation })
    const gradients = byName(this.#builder.specs, await this.#net.read('gradients'))
    await this.#net.discardGradients()
    const scale = gradients.get('square0.bias')![0]
    const { channels, height, width } = this.#shape
    const side = this.#side
    const image = new Array<number>(channels * height * width)
    for (const [i, [top, left]] of this.#squares().entries()) {
      for (const [j, value] of gradients.get(`square${i}.weight`)!.entries()) {
        const [channel, y, x] = [Math.floor(j / side ** 2), top + (Math.floor(j / side) % side), left + (j % side)]
        image[(y * width + x) * channels + channel] = value / scale
      }
    }
    return image
  }

  /** The bytes that the network sees, normalised: height × width × channels. */
  async bytes(index: number, augmentation?: Augmentation): Promise<Uint8Array> {
    const image = await this.normalised(index, augmentation)
    return Uint8Array.from(image, (value, i) => Math.round(value * STD * 255 + this.#mean[i % this.#mean.length]))
  }

  [Symbol.dispose](): void {
    for (const handle of [this.#plan, this.#dataset, this.#net]) handle.dispose()
  }

  #squares(): [top: number, left: number][] {
    const { height, width } = this.#shape
    const starts = (extent: number) => Array.from({ length: extent / this.#side }, (_, i) => i * this.#side)
    return starts(height).flatMap((top) => starts(width).map((left): [number, number] => [top, left]))
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
