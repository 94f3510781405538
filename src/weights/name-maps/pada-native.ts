/**
 * The names of this package, which are those of PA&DA's released supernet (ShunLu91/PA-DA, `Supernet201`) and of the
 * others that `docs/spaces.md` names. A sub-model is what `export --path` writes.
 */
import { type NameMap, sameNames } from './name-map.js'

export const PADA_NATIVE: NameMap = {
  name: 'pada-native',
  recognises: () => true,
  rename: (name) => name,
  translate: (tensors, _, given) => ({ names: sameNames(tensors), path: given?.path }),
}
