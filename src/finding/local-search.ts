import { EVALUATIONS } from '../config/finding-defaults.js'
import type { LocalSearchSettings } from '../config/schema.js'
import { sampleWithoutReplacement } from '../sampling/indices.js'
import { Exploration } from './exploration.js'
import { paretoFront } from './pareto.js'
import type { Candidate, Finder, Problem } from './problem.js'
import { neighbours } from './variation.js'

/**
 * Local search (White et al., UAI 2021): from a random path, evaluate all neighbours, which differ in one choice, and
 * move to the best until none is better; then start anew, as long as evaluations are left. With several objectives it is
 * Pareto local search (Paquete et al., 2004): the neighbours of every path of the start's own Pareto front, until all of
 * them have been looked around.
 *
 * @throws UserError where no path keeps to the limits; the reason of an aborted signal.
 */
export async function* localSearch(options: Problem & Partial<LocalSearchSettings>): Finder {
  const { space, evaluations = EVALUATIONS } = options
  const exploration = new Exploration(options)
  const { random } = exploration
  while (exploration.count < evaluations) {
    const start = await exploration.draw()
    if (start === undefined) break
    const first = await exploration.evaluate(start, 'random')
    yield first
    // With one objective the front is the best path alone: the climb of the paper.
    let front: Candidate[] = [first]
    const lookedAround = new Set<Candidate>()
    for (;;) {
      const open = front.filter((candidate) => !lookedAround.has(candidate))
      if (open.length === 0) break
      const at = open[random.integer(open.length)]
      lookedAround.add(at)
      const around = neighbours(space, at.path)
      const seen: Candidate[] = []
      // In random order, because evaluations may end in the middle.
      for (const path of sampleWithoutReplacement(around, around.length, random)) {
        let candidate = exploration.known(path)
        if (candidate === undefined) {
          if (exploration.count >= evaluations) return exploration.front()
          const admitted = await exploration.admit(path)
          if (admitted === undefined) continue
          candidate = await exploration.evaluate(admitted, 'neighbour')
          yield candidate
        }
        seen.push(candidate)
      }
      front = paretoFront([...front, ...seen])
    }
  }
  return exploration.front()
}
