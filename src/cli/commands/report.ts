/** The command `report`: one HTML page about runs. */
import type { CommandModule, InferredOptionTypes } from 'yargs'
import { expected } from '../../base/errors.js'
import { expandPath } from '../../base/user-path.js'
import { writeReport } from '../../experiment/report.js'
import { jsonOption, onePath } from '../options.js'
import { nameWithRemark } from '../output/replaced.js'

const options = {
  out: {
    type: 'string',
    requiresArg: true,
    default: 'report.html',
    describe: 'HTML file to write',
    coerce: onePath('--out'),
  },
  figures: {
    type: 'string',
    requiresArg: true,
    describe: 'Folder to write each figure to, as SVG and PNG',
    defaultDescription: 'figures are on the page only',
    coerce: onePath('--figures'),
  },
  tensorboard: {
    type: 'string',
    requiresArg: true,
    describe: 'Folder to write an event file of TensorBoard to; of several runs, to a folder for each',
    defaultDescription: 'none',
    coerce: onePath('--tensorboard'),
  },
  json: jsonOption,
} as const

export const reportCommand: CommandModule<object, InferredOptionTypes<typeof options> & { runs?: string[] }> = {
  builder: (yargs) =>
    yargs
      .positional('runs', {
        type: 'string',
        array: true,
        describe: 'Run folders of searches and retrainings, and folders of experiments; several are compared',
      })
      .options(options),
  async handler({ runs = [], out, figures, tensorboard, json }) {
    if (!/\.html?$/i.test(out)) throw expected('a name that ends in .html', '--out', out, 2)
    const sources = runs.map((run) => expandPath(String(run), 'report'))
    const name = await nameWithRemark(out)
    const report = await writeReport(sources, { out, figures, tensorboard })
    const { bytes, figures: files } = report
    const written = files.length > 0 ? `${files.length} files of figures in ${figures}` : `no figures for ${figures}`
    const pictures = figures === undefined ? '' : `; ${written}`
    const logs = tensorboard === undefined ? '' : `; for TensorBoard in ${tensorboard}`
    const line = `Report in ${name}, ${(bytes / 1e6).toFixed(2)} MB${pictures}${logs}`
    process.stdout.write(`${json ? JSON.stringify({ event: 'result', ...report }) : line}\n`)
  },
}
