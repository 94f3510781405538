// npm run build:native [-- options of setup]: packages, TypeScript, libtorch and the addon.
import { bootstrap, padaNative } from './bootstrap.mjs'

await bootstrap()
process.exitCode = await padaNative(['setup', ...process.argv.slice(2)])
