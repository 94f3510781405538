import type { CommandModule } from 'yargs'
import type { Builder } from '../../setup/build.js'
import { ensureNative } from '../../setup/index.js'
import { fetchJpegLibrary } from '../../setup/jpeg-library.js'
import { choice } from '../options.js'

interface SetupArguments {
  cpu?: boolean
  cuda?: boolean
  builder?: Builder
}

export const setupCommand: CommandModule<object, SetupArguments> = {
  builder: (yargs) =>
    yargs
      .options({
        cpu: { type: 'boolean', describe: 'Download the CPU-only libtorch even if a GPU is present' },
        cuda: { type: 'boolean', describe: 'Require libtorch with CUDA' },
        builder: {
          ...choice('--builder', ['cmake-js', 'node-gyp']),
          describe: 'Build tool',
          defaultDescription: 'CMake if installed, else node-gyp',
        },
      })
      .conflicts('cpu', 'cuda'),
  async handler({ cpu, cuda, builder }) {
    const log = (line: string) => process.stderr.write(`${line}\n`)
    const { addon, libtorch, isNew } = await ensureNative({ cpu, cuda, builder, probe: true, log })
    // A new build has tried. One that another version made may have none yet.
    if (!isNew) await fetchJpegLibrary(log)
    const kind = libtorch.cuda ? 'with CUDA' : 'CPU only'
    log(`Ready: libtorch ${libtorch.version} (${kind}, ${libtorch.origin}) at ${libtorch.root}, addon ${addon}`)
  },
}
