import { EVALUATIONS } from '../config/finding-defaults.js'
import type { LocalSearchSettings } from '../config/schema.js'
import { sampleWithoutReplacement } from '../sampling/indices.js'
import { checkEnds } from './check-options.js'
import { type Drawn, Exploration } from './exploration.js'
import { paretoFront } from './pareto.js'
import type { Candidate, Finder, Problem } from './problem.js'
import { neighbours } from './variation.js'

/**
 * Local search (White et al., UAI 2021). It evaluates all neighbours of a random path, which differ in one choice, and
 * moves to the best until none is better. Then it starts again as long as evaluations are left. With several objectives
 * it is Pareto local search (Paquete et al., 2004): each start keeps a Pareto front and evaluates the neighbours of
 * every path on it.
 *
 * @throws UserError if no path meets the limits, and for options out of their range; the reason of an aborted signal.
 */
export async function* localSearch(options: Problem & Partial<LocalSearchSettings>): Finder {
  const { space, evaluations = EVALUATIONS } = options
  checkEnds({ evaluations })
  const exploration = new Exploration(options)
  const { random } = exploration
  while (exploration.count < evaluations) {
    const start = await exploration.draw()
    if (start === undefined) break
    const first = await exploration.evaluate(start, 'random')
    yield first
    // With one objective the front is the best path alone: the hill climbing of White et al.
    let front: Candidate[] = [first]
    const lookedAround = new Set<Candidate>()
    for (;;) {
      const open = front.filter((candidate) => !lookedAround.has(candidate))
      if (open.length === 0) break
      const at = open[random.integer(open.length)]
      lookedAround.add(at)
      const around = neighbours(space, at.path)
      const seen: Candidate[] = []
      const drawn: Drawn[] = []
      let exhausted = false
      // In random order, because the evaluations may run out in the middle.
      for (const path of sampleWithoutReplacement(around, around.length, random)) {
        const known = exploration.known(path)
        if (known !== undefined) {
          seen.push(known)
          continue
        }
        if (exploration.isPending(path)) continue
        exhausted = exploration.count >= evaluations
        if (exhausted) break
        const admitted = await exploration.admit(path)
        if (admitted !== undefined) drawn.push({ path: admitted, origin: 'neighbour' })
      }
      for await (const candidate of exploration.evaluateAll(drawn)) {
        seen.push(candidate)
        yield candidate
      }
      if (exhausted) return exploration.front()
      front = paretoFront([...front, ...seen])
    }
  }
  return exploration.front()
}
