import type { CommandModule } from 'yargs'
import type { Builder } from '../../setup/build.js'
import { ensureNative } from '../../setup/index.js'

interface SetupArguments {
  cpu?: boolean
  cuda?: boolean
  builder?: Builder
}

export const setupCommand: CommandModule<object, SetupArguments> = {
  builder: (yargs) =>
    yargs
      .options({
        cpu: { type: 'boolean', describe: 'Fetch libtorch without CUDA, also where there is a GPU' },
        cuda: { type: 'boolean', describe: 'Insist on libtorch with CUDA' },
        builder: { choices: ['cmake-js', 'node-gyp'] as const, describe: 'How to build [default: by what is there]' },
      })
      .conflicts('cpu', 'cuda'),
  async handler({ cpu, cuda, builder }) {
    const log = (line: string) => process.stderr.write(`${line}\n`)
    const { addon, libtorch } = await ensureNative({ cpu, cuda, builder, log })
    const kind = libtorch.cuda ? 'with CUDA' : 'CPU only'
    log(`Ready: libtorch ${libtorch.version} (${kind}, ${libtorch.origin}) at ${libtorch.root}, addon ${addon}`)
  },
}
