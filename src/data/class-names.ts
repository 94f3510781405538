/** Names of the classes of a data set, as far as its files tell. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DataConfig, EMBEDDED } from '../config/index.js'
import { listEncoded } from './stream/list-encoded.js'
import { splitPlaces } from './stream/split-places.js'

/** Classes of Fashion-MNIST, by label. */
const FASHION_MNIST = 'T-shirt/top,trouser,pullover,dress,coat,sandal,shirt,sneaker,bag,ankle boot'.split(',')

/** Files of names in the archives of CIFAR, a name per line. */
const CIFAR: Readonly<Record<string, string>> = {
  cifar10: 'batches.meta.txt',
  cifar100: 'fine_label_names.txt',
}

/**
 * Names of the classes in the order of their labels. Undefined if the format has no names, or the files are not there or
 * have another number of classes.
 */
export async function classNamesOf(data: DataConfig, classes: number): Promise<readonly string[] | undefined> {
  const names = await namesIn(data).catch(() => undefined)
  return names?.length === classes ? names : undefined
}

async function namesIn({ format, dir = '' }: DataConfig): Promise<readonly string[] | undefined> {
  if (format === EMBEDDED) return FASHION_MNIST
  if (format in CIFAR)
    return (await readFile(join(dir, CIFAR[format]), 'utf8')).split('\n').filter((line) => line !== '')
  if (format !== 'folder') return undefined
  const train = (await splitPlaces(dir)).get('train')
  return train === undefined ? undefined : (await listEncoded(train)).classes
}
