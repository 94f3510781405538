/** The command `watch`: a page in the browser that shows runs while they run. */
import { once } from 'node:events'
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected } from '../../base/errors.js'
import { watch } from '../../watch/server.js'
import { jsonOption, onePath, oneText, whole } from '../options.js'
import { onInterrupt } from '../signals.js'

/** The letters of PADA on the keys of a telephone. */
const PORT = 7232
const HIGHEST_PORT = 65_535

const options = {
  port: {
    type: 'number',
    default: PORT,
    requiresArg: true,
    describe: 'Port to listen at; 0 takes any free one',
    coerce: (value: number) => port(value),
  },
  host: {
    type: 'string',
    default: '127.0.0.1',
    requiresArg: true,
    describe: 'Address to listen at; 0.0.0.0 lets in everyone who reaches this machine',
    coerce: oneText('--host'),
  },
  json: jsonOption,
} as const

type Arguments = InferredOptionTypes<typeof options> & { folder: string }

export const watchCommand: CommandModule<object, Arguments> = {
  builder: (yargs) =>
    yargs
      .positional('folder', {
        type: 'string',
        default: 'runs',
        describe: 'A run folder, or a folder with runs or experiments in it',
        coerce: onePath('watch'),
      })
      .options(options),
  async handler({ folder, port, host, json }) {
    using interruption = onInterrupt(() => {})
    const { signal } = interruption
    await using server = await watch({ folder, port, host })
    const { url } = server
    const event = { event: 'watching', folder, url }
    process.stdout.write(json ? `${JSON.stringify(event)}\n` : `Watching ${folder} at ${url} until Ctrl-C\n`)
    if (!signal.aborted) await once(signal, 'abort')
  },
}

function port(value: number | number[]): number {
  const checked = whole('port', value, 0)
  if (checked <= HIGHEST_PORT) return checked
  throw expected(`0…${HIGHEST_PORT}`, '--port', checked, 2)
}
