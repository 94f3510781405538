/** Events narrow by their name, all the way down. Compiled by `npm run typecheck`, never run. */
import type {
  BenchmarkResult,
  bench,
  CandidateEvent,
  CellSearchEvent,
  EpochEvent,
  EvaluatedEvent,
  ExperimentEvent,
  ExperimentReport,
  experiment,
  Path,
  PathMeasurement,
  Ranked,
  ResultEvent,
  rank,
  SearchEvent,
  SearchResult,
  search,
  TrainEvent,
  train,
} from 'pada-native'
import { expectTypeOf } from 'vitest'

type EventOf<Generator> = Generator extends AsyncGenerator<infer Event> ? Event : never
type ReturnOf<Generator> = Generator extends AsyncGenerator<unknown, infer Result> ? Result : never

expectTypeOf<EventOf<ReturnType<typeof search>>>().toEqualTypeOf<SearchEvent>()
expectTypeOf<ReturnOf<ReturnType<typeof search>>>().toEqualTypeOf<SearchResult>()
expectTypeOf<EventOf<ReturnType<typeof train>>>().toEqualTypeOf<TrainEvent>()
expectTypeOf<EventOf<ReturnType<typeof experiment>>>().toEqualTypeOf<ExperimentEvent>()
expectTypeOf<ReturnOf<ReturnType<typeof experiment>>>().toEqualTypeOf<ExperimentReport>()

expectTypeOf<EventOf<ReturnType<typeof bench>>>().toEqualTypeOf<PathMeasurement | BenchmarkResult>()
expectTypeOf<EventOf<ReturnType<typeof rank>>>().toEqualTypeOf<EvaluatedEvent>()
expectTypeOf<ReturnOf<ReturnType<typeof rank>>>().toEqualTypeOf<Ranked[]>()

export function bySearchEvent(event: SearchEvent): void {
  // @ts-expect-error: not every event has a loss
  event.loss
  if (event.event === 'epoch') {
    expectTypeOf(event).toEqualTypeOf<EpochEvent>()
    expectTypeOf(event.loss).toBeNumber()
    // @ts-expect-error: events are read-only
    event.loss = 0
  }
  if (event.event === 'result') {
    expectTypeOf(event).toEqualTypeOf<ResultEvent>()
    expectTypeOf(event.kendallTau).toEqualTypeOf<number | null>()
    expectTypeOf(event.top[0].path).toEqualTypeOf<Path>()
  }
  // @ts-expect-error: no event has this name
  if (event.event === 'epochs') return
  switch (event.event) {
    case 'start':
    case 'step':
    case 'measuring':
    case 'checkpoint':
    case 'discarded':
    case 'evaluated':
      return
    case 'candidate':
      expectTypeOf(event).toEqualTypeOf<CandidateEvent>()
      return
    case 'epoch':
    case 'result':
      return
    default:
      expectTypeOf(event).toBeNever()
  }
}

export function byExperimentEvent(event: ExperimentEvent): void {
  if (event.event !== 'search') return
  expectTypeOf(event).toEqualTypeOf<CellSearchEvent>()
  if (event.search.event === 'epoch') expectTypeOf(event.search).toEqualTypeOf<EpochEvent>()
}
