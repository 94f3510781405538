/**
 * The names of this package. They equal the names in PA&DA's released supernet (ShunLu91/PA-DA, `Supernet201`) and in
 * the others that `docs/spaces.md` lists. `export --path` writes files of one sub-model.
 */
import { type NameMap, sameNames } from './name-map.js'

export const PADA_NATIVE: NameMap = {
  name: 'pada-native',
  recognises: () => true,
  rename: (name) => name,
  translate: (tensors, _, given) => ({ names: sameNames(tensors), path: given?.path }),
}
