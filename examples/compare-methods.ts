/**
 * Compares SPOS and PA&DA on a small NAS-Bench-201, with two seeds each. Prints a table, and writes tables and a figure
 * to a folder. Ctrl-C saves and stops it; run it again with the same folder to continue.
 *
 *     node examples/compare-methods.ts [FOLDER]
 */
import * as pada from 'pada-native'

await pada.ensureNative({ log: console.error })

const plan = await pada.planExperiment({
  name: 'compare-methods',
  seeds: [0, 1],
  // Overrides settings of the default search, whose images and ground-truth table stay.
  set: {
    threads: 1,
    space: { name: 'nasbench201', channels: 4, cellsPerStage: 1 },
    data: { trainCount: 500, testCount: 200 },
    training: { epochs: 2, batchSize: 50 },
    ranking: { imageCount: 200 },
  },
  studies: { methods: { figure: 'method', methods: ['spos', 'pada'] } },
})

const controller = new AbortController()
process.once('SIGINT', () => controller.abort())

try {
  for await (const event of pada.experiment(plan, { out: process.argv[2], signal: controller.signal })) {
    if (event.event === 'cellDone') {
      console.log(`${event.number} of ${event.cells}: ${event.cell}, ${event.result.seconds.toFixed(1)} s`)
    }
    if (event.event === 'report') report(event)
  }
} catch (error) {
  // The experiment has saved itself and throws the signal's reason; anything else went wrong.
  if (error !== controller.signal.reason) throw error
  console.log('stopped')
}

function report({ conditions, files }: pada.ReportEvent): void {
  console.log(['method', 'Kendall tau', 'gradient variance'].map(column).join(''))
  for (const { labels, summary } of conditions) {
    const { kendallTau, gradientVariance } = summary
    console.log([labels.method, plusMinus(kendallTau, 3), plusMinus(gradientVariance, 6)].map(column).join(''))
  }
  console.log(files.join('\n'))
}

function plusMinus({ mean, deviation }: pada.Statistic, digits: number): string {
  return `${mean?.toFixed(digits) ?? '–'} ± ${deviation?.toFixed(digits) ?? '–'}`
}

function column(text: string): string {
  return text.padEnd(24)
}
