/**
 * The public API. `search` runs a whole search from settings; the parts that it is made of are here too, to define a
 * search space of one's own, to train it, and to judge what it finds.
 */
// The declarations name Buffer and AbortSignal; TypeScript 6 looks for Node's types only where it is told to.
/// <reference types="node" preserve="true" />
export {
  type BenchmarkMode,
  type BenchmarkOptions,
  type BenchmarkResult,
  bench,
  type PathMeasurement,
} from './benchmark/bench.js'
export { type BenchmarkJob, prepareBenchmark } from './benchmark/job.js'
export { parsePathList, randomPaths, readPathList } from './benchmark/path-list.js'
export {
  type Explained,
  type Imported,
  type ImportOptions,
  type ImportReport,
  importWeights,
} from './checkpoint/import-weights.js'
export { readWeights } from './checkpoint/read-weights.js'
export { readSafetensors, type Tensor, type TensorData, writeSafetensors } from './checkpoint/safetensors.js'
export { subModelWeights } from './checkpoint/sub-model.js'
export { readTorchStateDict } from './checkpoint/torch.js'
export { writeTorchStateDict } from './checkpoint/torch-writer.js'
export {
  type Config,
  type ConfigInput,
  DEFAULT_CONFIG,
  type LoadOptions,
  loadConfig,
  parseConfig,
} from './config/index.js'
export { type ConformanceOptions, checkSpace } from './conformance/check-space.js'
export { imageExtents } from './data/extents.js'
export { type DataConfig, loadSplits, type Splits } from './data/index.js'
export { type NpyArray, readNpy, writeNpy } from './data/npy.js'
export { UserError } from './errors.js'
export {
  type Cost,
  type CostConvention,
  costOf,
  type ParameterShapes,
  PUBLISHED_CONVENTION,
  programCost,
} from './evaluation/cost.js'
export { calibrationIndices, type Evaluator, evaluatePath } from './evaluation/evaluate.js'
export { type GradientVariance, gradientVariance } from './evaluation/gradient-variance.js'
export { type GroundTruth, type GroundTruthOptions, loadGroundTruth } from './evaluation/ground-truth.js'
export { type LatencyOptions, measureLatency, noiseDataset } from './evaluation/latency.js'
export { bestFound, kendallTauB, precisionAtTopK, spearman } from './evaluation/rank-metrics.js'
export { type Agreement, agreement, type Ranked, type RankOptions, rank } from './evaluation/ranking.js'
export { selectSubModels } from './evaluation/sub-models.js'
export { readTable } from './evaluation/tables/read-table.js'
export type { Table } from './evaluation/tables/table.js'
export { writeTable } from './evaluation/tables/write-table.js'
export type * from './events.js'
export type { CellResult, ConditionResult, ExperimentResults } from './experiment/collect.js'
export type * from './experiment/events.js'
export { MEASURES, type Measures, type Summary } from './experiment/measures.js'
export type { Cell, Condition, Experiment, Labels, Study } from './experiment/plan.js'
export { type ExperimentOptions, experiment } from './experiment/run.js'
export {
  type ExperimentInput,
  type LoadExperimentOptions,
  loadExperiment,
  planExperiment,
} from './experiment/settings.js'
export type { Statistic } from './experiment/statistics.js'
export {
  bestFirst,
  type Candidate,
  type CostFunctions,
  checkLimits,
  costsOf,
  crowdingDistances,
  dominates,
  type EvolutionSettings,
  evolve,
  evolveRegularized,
  type Finder,
  frontsOf,
  type Limit,
  type Limits,
  type LocalSearchSettings,
  localSearch,
  type Origin,
  type Problem,
  paretoFront,
  type RandomSearchSettings,
  type RegularizedEvolutionSettings,
  randomSearch,
} from './finding/index.js'
export { type ImportedRun, type ImportRunOptions, importRun } from './import-run.js'
export { type InferOptions, infer, judge } from './inference.js'
export {
  Close,
  createMethod,
  type Engine,
  Fairnas,
  MagicA,
  MagicT,
  type Method,
  type MethodContext,
  type MethodState,
  Pada,
  Spos,
  Standalone,
  type StepOutcome,
  Sumnas,
} from './methods/index.js'
export * from './native.js'
export { writeOnnx } from './onnx/write-onnx.js'
export { type Instruction, type Program, ProgramBuilder, type Shape, type Value } from './program.js'
export { createRandom, type Random, RandomStream } from './random.js'
export { EvaluatedPaths } from './runs/evaluated.js'
export { defaultRunFolder, savedConfig } from './runs/run-folder.js'
export { DeIsomorphicSampler } from './sampling/deisomorphic.js'
export { ModelSizeSampler } from './sampling/model-size.js'
export { PathChain } from './sampling/path-chain.js'
export { PathSampler, type PathSource } from './sampling/paths.js'
export { type Phase, type SearchOptions, search } from './search.js'
export {
  type BlockedSpace,
  type BufferSpec,
  type CellGraph,
  type Choice,
  type ConnectionChoice,
  checkPath,
  createSpace,
  DARTS_V1,
  DARTS_V2,
  type DartsNetwork,
  type DartsNetworkOptions,
  type DartsOperation,
  type DartsOptions,
  darts,
  dartsNetwork,
  decodeGenotype,
  encodeGenotype,
  enumeratePaths,
  type Genotype,
  type GenotypeCell,
  type GenotypeEdge,
  type Initializer,
  nasBench1Shot1,
  nasBench201,
  nasBenchMacro,
  type OperationChoice,
  operationChoices,
  operationsOf,
  optionsOf,
  type ParameterSpec,
  type Path,
  parsePath,
  proxylessNas,
  type SearchSpace,
  type Sharing,
  SPACES,
  spaceSize,
} from './spaces/index.js'
export { Taps } from './tapped.js'
export { restoreWeights, type Snapshot } from './training/snapshot.js'
export { type TrainOptions, train } from './training/supernet.js'
