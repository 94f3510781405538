/** What docs/spaces.md shows. Compiled by `npm run typecheck`, never run. */
import { type Config, DARTS_V2, dartsNetwork, search } from 'pada-native'

declare const config: Config

const network = dartsNetwork(DARTS_V2, { channels: 36, cells: 20, dropPath: 0.2, auxiliary: true })
for await (const event of search(config, { space: network })) console.log(event)
