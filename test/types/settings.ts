/** What settings may be. Compiled by `npm run typecheck`, never run. */
import {
  type Config,
  type ConfigInput,
  createSpace,
  type LoadOptions,
  loadConfig,
  type MethodConfig,
  parseConfig,
  type SearchOptions,
  type SpaceName,
} from 'pada-native'
import { expectTypeOf } from 'vitest'

expectTypeOf(parseConfig({})).toEqualTypeOf<Config>()
expectTypeOf(loadConfig()).resolves.toEqualTypeOf<Config>()
expectTypeOf<LoadOptions['overrides']>().toEqualTypeOf<ConfigInput | undefined>()
/** What was saved can be changed and checked again. */
expectTypeOf<Config>().toExtend<ConfigInput>()

parseConfig({ method: { name: 'spos', sampling: 'modelSize' }, training: { epochs: 3 }, threads: 1 })
parseConfig({ finding: { algorithm: 'evolution', limits: { parameters: 1e5, latency: { min: 1, max: 2 } } } })
parseConfig({ training: { schedule: { kind: 'plateau', patience: 3 } } })
parseConfig({ training: { augmentation: [{ kind: 'flip' }, { kind: 'pad-crop', padding: 2 }] } })
// @ts-expect-error: a flip has no padding
parseConfig({ training: { augmentation: [{ kind: 'flip', padding: 2 }] } })
// @ts-expect-error: no such augmentation
parseConfig({ training: { augmentation: [{ kind: 'blur' }] } })
// @ts-expect-error: no such group
parseConfig({ trainings: {} })
// @ts-expect-error: no such key of spos
parseConfig({ method: { name: 'spos', perEdge: true } })
// @ts-expect-error: no such method
parseConfig({ method: { name: 'random' } })
// @ts-expect-error: the path to train is missing
parseConfig({ method: { name: 'standalone' } })
// @ts-expect-error: a number is wanted
parseConfig({ training: { epochs: '3' } })
// @ts-expect-error: a cosine has no patience
parseConfig({ training: { schedule: { kind: 'cosine', patience: 3 } } })

export function narrows(method: MethodConfig): void {
  if (method.name === 'pada') expectTypeOf(method.perEdge).toBeBoolean()
  // @ts-expect-error: only some methods are told an alignment
  method.alignment
}

expectTypeOf<SpaceName>().toExtend<string>()
expectTypeOf<'darts'>().toExtend<SpaceName>()
// @ts-expect-error: no such space
createSpace({ name: 'nasbench301' }, { channels: 1, height: 8, width: 8 }, 10)

expectTypeOf<SearchOptions['phases']>().toEqualTypeOf<readonly ('train' | 'rank' | 'find')[] | undefined>()
