export interface RandomSource {
  below(count: number): number
  pick<Item>(list: ArrayLike<Item>): Item
}
export interface Source {
  readonly bytes: Buffer
  readonly entries?: readonly (readonly [string, Buffer])[]
}
export function randomSource(seed: number): RandomSource
export function mutate(bytes: Buffer, random: RandomSource, other?: Buffer): Buffer
export function mutateCheckpoint(
  source: Source,
  random: RandomSource,
  sources: readonly Source[],
  zip: (entries: readonly (readonly [string, Uint8Array])[], file: string) => Uint8Array[],
): Buffer
export function complaint(
  outcome: unknown,
  bytes: Buffer,
  UserError: new (...args: never[]) => Error,
): string | undefined
export function complaintOfTable(outcome: unknown, UserError: new (...args: never[]) => Error): string | undefined
