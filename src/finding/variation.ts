/** Makes new paths from old ones, without regard to limits and evaluations. */
import type { RandomStream } from '../base/random.js'
import { sampleWithoutReplacement } from '../sampling/indices.js'
import { optionsOf } from '../spaces/path.js'
import type { Path, SearchSpace } from '../spaces/space.js'

type Choices = Pick<SearchSpace, 'choices'>

/** With `probability`, draws each choice again, uniformly: the mutation of SPOS. */
export function mutate({ choices }: Choices, path: Path, probability: number, random: RandomStream): Path {
  return path.map((option, c) => (random.uniform() < probability ? random.integer(optionsOf(choices[c])) : option))
}

/** Gives another option to `count` choices, or to all choices with several options if there are fewer. */
export function changeChoices({ choices }: Choices, path: Path, count: number, random: RandomStream): Path {
  const open = [...choices.keys()].filter((c) => optionsOf(choices[c]) > 1)
  const changed = path.slice()
  for (const c of sampleWithoutReplacement(open, Math.min(count, open.length), random)) {
    const other = random.integer(optionsOf(choices[c]) - 1)
    changed[c] = other < path[c] ? other : other + 1
  }
  return changed
}

/** Takes each choice from either path with probability one half: the crossover of SPOS. */
export function crossover(a: Path, b: Path, random: RandomStream): Path {
  return a.map((option, c) => (random.integer(2) === 0 ? option : b[c]))
}

/** All paths that differ in one choice, sorted by choice, then by option. */
export function neighbours({ choices }: Choices, path: Path): Path[] {
  return choices.flatMap((choice, c) => {
    const others = [...new Array(optionsOf(choice)).keys()].filter((option) => option !== path[c])
    return others.map((option) => path.with(c, option))
  })
}
