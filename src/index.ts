/**
 * The public API. {@link search} runs a whole search from settings. {@link experiment} runs many searches and compares
 * them. The parts of both are exported too, so that you can define, train and evaluate your own search space or method.
 *
 * @packageDocumentation
 */
// The declarations name Buffer and AbortSignal. TypeScript 6 loads Node's types only if a file refers to them.
/// <reference types="node" preserve="true" />

export { UserError } from './base/errors.js'
export {
  createRandom,
  type Random,
  type RandomState,
  RandomStream,
  type StreamName,
  type StreamState,
} from './base/random.js'
export type { Statistic } from './base/statistics.js'
export {
  type BenchmarkMode,
  type BenchmarkOptions,
  type BenchmarkResult,
  bench,
  type PathMeasurement,
} from './benchmark/bench.js'
export { benchData, type DataBenchmarkOptions, type DataMeasurement } from './benchmark/data.js'
export { type BenchmarkJob, prepareBenchmark } from './benchmark/job.js'
export { parsePathList, randomPaths, readPathList } from './benchmark/path-list.js'
export {
  type AugmentationConfig,
  type CloseConfig,
  type Config,
  type ConfigInput,
  type Criterion,
  type DataConfig,
  DEFAULT_CONFIG,
  type EvolutionSettings,
  type FairnasConfig,
  LATENCY,
  type LatencyConfig,
  type Limit,
  type LoadOptions,
  type LoadRetrainOptions,
  type LocalSearchSettings,
  loadConfig,
  loadRetrainConfig,
  type MagicAConfig,
  type MethodConfig,
  type NetworkConfig,
  type OptimizerConfig,
  type PadaConfig,
  parseConfig,
  parseRetrainConfig,
  type RandomSearchSettings,
  type RankingConfig,
  type RecalibrationConfig,
  type RegularizedEvolutionSettings,
  type RetrainConfig,
  type RetrainInput,
  type SgdConfig,
  type SposConfig,
  type StandaloneConfig,
  type SumnasConfig,
  type TrainingConfig,
} from './config/index.js'
export { type ConformanceOptions, checkSpace } from './conformance/check-space.js'
export { imageAugmentations } from './data/augmentation.js'
export { imageExtents } from './data/extents.js'
export type { SplitNotes } from './data/images.js'
export { type ImagesIdentity, identifyImages } from './data/images-identity.js'
export { type FileFormat, loadSplits, openSplits } from './data/index.js'
export type { PassedOver } from './data/passed-over.js'
export type { AnySplits, Splits, UsedImages, UsedSplit } from './data/splits.js'
export { stratify } from './data/stratified.js'
export type { EncodedSplit } from './data/stream/encoded-files.js'
export { listEncoded } from './data/stream/list-encoded.js'
export { type Packed, type PackOptions, pack } from './data/stream/pack.js'
export type { SplitImages, StreamedImages } from './data/stream/streamed-images.js'
export { type Quantiles, type Survey, type SurveyOptions, survey } from './data/stream/survey.js'
export {
  joinProcesses,
  type Processes,
  type ProcessPlace,
  type StartOptions,
  World,
  type WorldOptions,
} from './distributed/index.js'
export {
  calibrationIndices,
  type Evaluation,
  type EvaluationMemory,
  type Evaluator,
  evaluatePath,
} from './evaluation/evaluate.js'
export type { GroundTruth } from './evaluation/ground-truth.js'
export { type LatencyOptions, measureLatency, noiseDataset } from './evaluation/latency.js'
export { type BestFound, bestFound, kendallTauB, precisionAtTopK, spearman } from './evaluation/rank-metrics.js'
export {
  type Agreement,
  agreement,
  type Ranked,
  type RankingRow,
  type RankOptions,
  rank,
  sortRanking,
} from './evaluation/ranking.js'
export { selectSubModels } from './evaluation/sub-models.js'
export type { Axis } from './experiment/axes.js'
export type { Difference, PairedDifference } from './experiment/differences.js'
export type * from './experiment/events.js'
export { type LoadExperimentOptions, loadExperiment, planExperiment } from './experiment/load.js'
export { MEASURES, type Measures, type Summary } from './experiment/measures.js'
export type { Cell, Condition, Experiment, Labels, Study } from './experiment/plan.js'
export { type ReportOptions, type WrittenReport, writeReport } from './experiment/report.js'
export type { CellResult, ConditionResult, ExperimentResults, Incomparable } from './experiment/results.js'
export { type ExperimentOptions, experiment } from './experiment/run.js'
export type { ExperimentInput } from './experiment/settings.js'
export {
  bestFirst,
  type Candidate,
  type Constraints,
  type CostFunctions,
  type Costs,
  checkLimits,
  costsOf,
  crowdingDistances,
  dominates,
  evolve,
  evolveRegularized,
  type Finder,
  frontsOf,
  type HasGoals,
  type Limits,
  localSearch,
  type Origin,
  type Problem,
  paretoFront,
  randomSearch,
} from './finding/index.js'
export { type NpyArray, readNpy, writeNpy } from './formats/npy.js'
export {
  readSafetensors,
  type SafetensorsFile,
  type Tensor,
  type TensorData,
  writeSafetensors,
} from './formats/safetensors.js'
export type { StateDictChoice, StateDictOptions } from './formats/state-dict.js'
export { readTorchStateDict } from './formats/torch.js'
export { writeTorchStateDict } from './formats/torch-writer.js'
export { type GroundTruthOptions, loadGroundTruth } from './ground-truth/load-ground-truth.js'
export { readTable } from './ground-truth/tables/read-table.js'
export type { Table } from './ground-truth/tables/table.js'
export { writeTable } from './ground-truth/tables/write-table.js'
export { meanOutcome } from './methods/compose.js'
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
  type TrainedSpace,
  type Verbs,
} from './methods/index.js'
export { type Diagnosis, diagnose } from './native/diagnosis.js'
export * from './native/index.js'
export { writeOnnx } from './onnx/write-onnx.js'
export {
  type Cost,
  type CostConvention,
  type ParameterShapes,
  PUBLISHED_CONVENTION,
  programCost,
} from './programs/cost.js'
export { logitsOf, withoutAuxiliary } from './programs/outputs.js'
export type { Instruction, Program, ProgramOutput, Shape, Value } from './programs/program.js'
export { type PoolOptions, ProgramBuilder } from './programs/program-builder.js'
export { Taps } from './programs/taps.js'
export { drawArchitecture } from './report/drawings/architecture.js'
export { writeTensorboard } from './report/tensorboard.js'
export { writePicture } from './report/write-picture.js'
export type {
  Accuracies,
  AveragedAccuracies,
  Normalisation,
  RetrainEpochEvent,
  RetrainEvent,
  RetrainResult,
  RetrainStartEvent,
} from './retraining/events.js'
export { type RetrainOptions, retrain } from './retraining/retrain.js'
export type { Identity } from './runs/checkpoint.js'
export { EVALUATION_RULE, EvaluatedPaths, type EvaluationKey } from './runs/evaluated.js'
export { type DiscardedRecords, PathRecords } from './runs/path-records.js'
export { defaultRunFolder } from './runs/run-folder.js'
export { savedConfig } from './runs/saved-settings.js'
export type { StoppedEvent } from './runs/stopped.js'
export { Categorical } from './sampling/categorical.js'
export { DeIsomorphicSampler } from './sampling/deisomorphic.js'
export { mixWithUniform } from './sampling/importance.js'
export { drawnIndices, shuffledIndices } from './sampling/indices.js'
export { ModelSizeSampler } from './sampling/model-size.js'
export { PathChain } from './sampling/path-chain.js'
export { PathSampler, type PathSource } from './sampling/paths.js'
export type * from './search/events.js'
export { type ImportedRun, type ImportRunOptions, importRun } from './search/import-run.js'
export { evaluateLogits, type InferOptions, infer } from './search/inference.js'
export {
  type PathStatistics,
  pathStatistics,
  type StatisticsSource,
  type TrainedRun,
} from './search/path-statistics.js'
export { type SearchOptions, search } from './search/search.js'
export type { Builder } from './setup/build.js'
export { type EnsureOptions, ensureNative } from './setup/index.js'
export type { Libtorch } from './setup/libtorch.js'
export type { Located, Origin as LibtorchOrigin } from './setup/locate.js'
export type { NativeSetup } from './setup/stamp.js'
export { costOf } from './spaces/cost.js'
export {
  type BlockedSpace,
  type BufferSpec,
  type CellGraph,
  type CellOutline,
  type CellsOutline,
  type Choice,
  type ConnectionChoice,
  checkPath,
  createNetwork,
  createSpace,
  DARTS_V1,
  DARTS_V2,
  type DartsNetworkOptions,
  type DartsOperation,
  type DartsOptions,
  darts,
  dartsNetwork,
  decodeGenotype,
  type EdgeOutline,
  encodeGenotype,
  enumeratePaths,
  type Genotype,
  type GenotypeCell,
  type GenotypeEdge,
  type Initializer,
  type LayerOutline,
  type LayersOutline,
  type NasBench1Shot1,
  type NasBench1Shot1Options,
  type NasBench201,
  type NasBench201Options,
  type NasBenchMacro,
  type NasBenchMacroOptions,
  type NodeOutline,
  nasBench1Shot1,
  nasBench201,
  nasBenchMacro,
  type OperationChoice,
  type Outline,
  operationChoices,
  operationsOf,
  optionsOf,
  type ParameterSpec,
  type Path,
  type ProxylessNas,
  type ProxylessNasOptions,
  type PublishedNetwork,
  parsePath,
  proxylessNas,
  type SearchSpace,
  type Sharing,
  SPACES,
  type SpaceConfig,
  type SpaceName,
  type StandaloneNetwork,
  spaceSize,
} from './spaces/index.js'
export { type GradientVariance, gradientVariance } from './training/gradient-variance.js'
export { type TrainOptions, train } from './training/loop.js'
export {
  averagedWeights,
  currentWeights,
  initialise,
  type Progress,
  type Restorable,
  restoreWeights,
  type Snapshot,
} from './training/snapshot.js'
export { type Watch, type WatchOptions, watch } from './watch/server.js'
export {
  type Explained,
  type Imported,
  type ImportOptions,
  type ImportReport,
  importWeights,
} from './weights/import-weights.js'
export { readWeights, readWeightsFile, type WeightsFile } from './weights/read-weights.js'
export { type CheckpointSources, spaceOfCheckpoint } from './weights/space-of-checkpoint.js'
export { subModelWeights } from './weights/sub-model.js'
export { weightsDigest } from './weights/weights-digest.js'
