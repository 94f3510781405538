/** What `infer` computes on: an array, or image files. */
import { relative } from 'node:path'
import { expected } from '../base/errors.js'
import { classNamesOf } from '../data/class-names.js'
import { type NpyArray, readNpy } from '../formats/npy.js'
import type { ImageData } from '../native/index.js'
import type { Shape } from '../programs/program.js'
import type { OpenedWeights } from '../runs/open-weights.js'
import { imageFilesIn, preparationOf, readImageFiles } from './image-files.js'

/** Images, their shape and number. */
export interface InferInput extends Shape {
  readonly count: number
  /** Names of the image files; absent for an array. */
  readonly files?: readonly string[]
  /** Names of the classes, by label; absent if they are not known. */
  readonly classNames?: readonly string[]
  /** The images from `from` up to `to`. */
  read(from: number, to: number): Promise<Omit<ImageData, 'labels'>>
}

/** Opens an image file, a folder of images or an .npy file. Images need the run of the weights. */
export async function openInput(input: string, opened: OpenedWeights): Promise<InferInput> {
  const files = await imageFilesIn(input)
  if (files === undefined) return openArray(input)
  const how = await preparationOf(opened)
  const names = files.map((file) => relative(input, file) || file)
  const classNames = how.classNames ?? (await classNamesOf(how.data, how.classes))
  return {
    ...how.input,
    count: files.length,
    files: names,
    ...(classNames && { classNames }),
    read: (from, to) => readImageFiles(files.slice(from, to), how),
  }
}

async function openArray(path: string): Promise<InferInput> {
  const { shape, data } = await readNpy(path)
  if (shape.length !== 4 || !(data instanceof Float32Array) || data.length === 0) {
    throw expected('float32 images of shape [images, channels, height, width]', path, text({ shape, data }))
  }
  const [count, channels, height, width] = shape
  const size = channels * height * width
  const read = async (from: number, to: number) => ({
    images: data.subarray(from * size, to * size),
    channels,
    height,
    width,
  })
  return { count, channels, height, width, read }
}

/** Labels of `images` images from an .npy file. */
export async function readLabels(path: string, images: number, classes: number): Promise<Int32Array> {
  const { shape, data } = await readNpy(path)
  if (shape.length !== 1 || shape[0] !== images || !(data instanceof Int32Array)) {
    throw expected(`${images} integer labels`, path, text({ shape, data }))
  }
  const wrong = data.find((label) => label < 0 || label >= classes)
  if (wrong !== undefined) throw expected(`labels 0…${classes - 1}`, path, wrong)
  return data
}

function text({ shape, data }: NpyArray): string {
  return `${data instanceof Float32Array ? 'float' : 'integer'} [${shape.join(', ')}]`
}
