#!/usr/bin/env node
/**
 * Reads damaged settings of searches, retrainings and experiments, which must be refused in a sentence or read. A quarter
 * of what is read trains for a step, on images in memory.
 *
 *     node scripts/fuzz/configs.mjs [--cases 100000] [--seed 0]
 *
 * Damages the files of `configs/` and of the tests: lines, keys and values are changed, moved and taken from each other,
 * a few bytes too. See checkpoints.mjs for what is printed. Needs `npm run build` and the addon.
 */
import '../report-errors.mjs'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig, UserError } from 'pada-native'
import { loadRetrainConfig } from '#dist/config/index.js'
import { loadExperiment } from '#dist/experiment/load.js'
import { temporaryFolder } from '../support/ending.mjs'
import { retrainALittle, searchALittle } from './compute.mjs'
import { complaintOfError, mutate } from './mutate.mjs'
import { damageSettings, madeSmall } from './mutate-settings.mjs'
import { fuzz } from './run.mjs'

/** @typedef {'search' | 'retraining' | 'experiment'} Kind */

const root = new URL('../../', import.meta.url)
const sources = ['configs', 'configs/experiments', 'test/cli'].flatMap((folder) =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => {
      const text = readFileSync(new URL(`${folder}/${name}`, root), 'utf8').replace(/^#.*\n/gm, '')
      const isExperiment = folder.endsWith('experiments') || name === 'experiment.yaml'
      return {
        text: madeSmall(text),
        kind: /** @type {Kind} */ (isExperiment ? 'experiment' : /^network:/m.test(text) ? 'retraining' : 'search'),
      }
    }),
)
if (new Set(sources.map(({ kind }) => kind)).size < 3)
  throw new Error('Expected files of three kinds but received fewer')

const folder = temporaryFolder('pada-configs-')
// An experiment names the settings of its searches, which are whole.
writeFileSync(join(folder, 'base.yaml'), readFileSync(new URL('test/cli/tiny.yaml', root)))

await fuzz({
  damaged(random) {
    const { text, kind } = random.pick(sources)
    const lines = text.replace(/^config:.*$/m, 'config: base.yaml').split('\n')
    const others = random.pick(sources).text.split('\n')
    for (let times = 1 + random.below(4); times > 0; times--) damageSettings(lines, others, random)
    const bytes = Buffer.from(lines.join('\n'))
    // A step takes a hundred times as long as the reading.
    return { bytes: random.below(8) === 0 ? mutate(bytes, random) : bytes, kind, trains: random.below(4) === 0 }
  },
  read: async ({ bytes, kind, trains }) => {
    const file = join(folder, 'damaged.yaml')
    writeFileSync(file, bytes)
    if (kind === 'retraining') {
      const config = await loadRetrainConfig({ file })
      if (trains) await retrainALittle(config)
      return
    }
    const configs = kind === 'search' ? [await loadConfig({ file })] : await searchesOf(file)
    if (trains) for (const config of configs.slice(0, 2)) await searchALittle(config)
  },
  complaint: (outcome) => (outcome instanceof Error ? complaintOfError(outcome, UserError, 20_000) : undefined),
})

/** @param {string} file */
async function searchesOf(file) {
  return (await loadExperiment(file)).cells.map(({ config }) => config)
}
