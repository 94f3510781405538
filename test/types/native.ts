/** The addon's handles and the arrays that go in and out. Compiled by `npm run typecheck`, never run. */
import * as pada from 'pada-native'
import { expectTypeOf } from 'vitest'

type Handle = pada.Dataset | pada.HeldBatch | pada.Plan | pada.Supernet
expectTypeOf<Handle>().toExtend<Disposable>()

expectTypeOf<pada.Dataset>().toExtend<pada.ImageSource>()
// Whatever takes images takes them from any source.
expectTypeOf<pada.Batch['dataset']>().toEqualTypeOf<pada.ImageSource>()
expectTypeOf<pada.TrainOptions['data']>().toEqualTypeOf<pada.ImageSource>()
expectTypeOf<pada.Evaluator['data']>().toEqualTypeOf<pada.ImageSource>()
expectTypeOf<Parameters<pada.Supernet['evaluate']>[1]>().toEqualTypeOf<pada.ImageSource>()

export async function typed(supernet: pada.Supernet, plan: pada.Plan, dataset: pada.ImageSource): Promise<void> {
  const batch = { dataset, indices: Int32Array.of(0) }
  const options = {
    learningRate: 0.1,
    optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0 },
    clipNorm: 5,
    unsampled: 'skip',
  } as const
  expectTypeOf(await supernet.trainStep(plan, batch, options)).toEqualTypeOf<pada.StepRecord>()
  expectTypeOf(await supernet.logits(plan, dataset, batch.indices)).toEqualTypeOf<Float32Array>()
  expectTypeOf(await supernet.read('momentum')).toEqualTypeOf<Float32Array>()
  // @ts-expect-error: no such state
  await supernet.read('weights')
  // @ts-expect-error: indices are 32-bit integers
  await supernet.accumulate(plan, { dataset, indices: [0] })
  // @ts-expect-error: a step needs all of its options
  await supernet.trainStep(plan, batch, { learningRate: 0.1 })
  // @ts-expect-error: computation is asynchronous
  supernet.evaluate(plan, dataset, { batchSize: 1 }).loss
}

// @ts-expect-error: images are bytes or floats
export const doubles: pada.ImageData['images'] = new Float64Array(1)
// @ts-expect-error: plans come from Supernet.compile, which knows what is inside
new pada.Plan()

export async function tensors(file: string): Promise<void> {
  const { tensors } = await pada.readSafetensors(file)
  const tensor = tensors.get('stem.weight')
  expectTypeOf(tensor).toEqualTypeOf<pada.Tensor | undefined>()
  // @ts-expect-error: the tensor may be missing
  tensor.shape
  if (tensor?.data instanceof Float32Array) expectTypeOf(tensor.data).toExtend<Float32Array>()
  expectTypeOf(await pada.readWeights(file)).toExtend<ReadonlyMap<string, pada.Tensor>>()
}
