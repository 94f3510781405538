// npm start [-- options of search]: everything from a fresh clone to a running search on the embedded data.
import { bootstrap, padaNative } from './bootstrap.mjs'

await bootstrap()
process.exitCode = await padaNative(['search', ...process.argv.slice(2)])
