/** What docs/distributed.md shows. Compiled by `npm run typecheck`, never run. */
import { joinProcesses, loadConfig, search } from 'pada-native'

await using world = await joinProcesses({ processes: 2 })
for await (const event of search(await loadConfig(), { world })) {
  if (world?.isFirst !== false && event.event === 'result') console.log(event.kendallTau)
}
