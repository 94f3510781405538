/** What docs/experiments.md shows. Compiled by `npm run typecheck`, never run. */
import { experiment, loadExperiment, planExperiment } from 'pada-native'

const plan = await loadExperiment('my-comparison.yaml') // or planExperiment({ name, set, seeds, studies })
for await (const event of experiment(plan, { out: 'experiments/mine' })) {
  if (event.event === 'cellDone') console.log(event.cell, event.result.kendallTau)
}

/** The comment calls it with these settings. */
declare const settings: Required<Parameters<typeof planExperiment>[0]>
const { name, set, seeds, studies } = settings
await planExperiment({ name, set, seeds, studies })
