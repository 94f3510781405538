#!/usr/bin/env node
/**
 * How fast the page of `pada-native watch` is, in a headless Chromium: the time until many long runs are drawn, the time
 * from a new event in a log to the screen, and what it costs a run to record its progress.
 *
 *     npm run bench:watch -- [--runs 50] [--events 10000] [--chromium /usr/bin/chromium] [--screenshots FOLDER]
 *
 * Needs `npm run build`.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { median } from '#dist/base/statistics.js'
import { ProgressRecorder } from '#dist/runs/progress.js'
import { watch } from '#dist/watch/server.js'
import '../report-errors.mjs'
import { temporaryFolder } from '../support/ending.mjs'
import { wholeOption } from '../support/whole-option.mjs'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '50' },
    events: { type: 'string', default: '10000' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    screenshots: { type: 'string' },
  },
})
const runs = wholeOption(values, 'runs', 0)
const events = wholeOption(values, 'events')
/** New events whose way to the screen is measured. */
const TRIES = 20

/** @param {number} milliseconds */
const show = (milliseconds) => `${milliseconds.toFixed(0)} ms`

/**
 * @param {number} run
 * @param {number} epoch
 */
function epochLine(run, epoch) {
  const noise = Math.abs(Math.sin(epoch * 12.9898 + run * 78.233) * 43758.5453) % 1
  const loss = 0.5 + 2 * Math.exp(-epoch / (events / (3 + (run % 5)))) + 0.05 * noise
  const share = 0.2 + (0.2 * epoch) / events
  return `${JSON.stringify({
    event: 'epoch',
    epoch,
    loss,
    accuracy: 1 - loss / 3,
    accuracyTop5: 0.9,
    gradientVariance: (1e-5 * (1 + noise)) / (1 + epoch / 100),
    gradientVarianceByOperation: { nor_conv_1x1: 1e-5 * noise, nor_conv_3x3: 2e-5 * noise },
    gradientVarianceCandidates: 1e-5 * noise,
    neverSampled: 0,
    pathDistribution: [0.2, 0.2, 0.2, share, 0.4 - share],
    learningRate: 0.025 * (1 + Math.cos((Math.PI * epoch) / events)),
    seconds: 10 + noise,
    imagesPerSecond: 5000 + 100 * noise,
  })}\n`
}

/** Seconds per second of processor time that a loop gets: 1 on a machine that has nothing else to do. */
function describeLoad() {
  const began = performance.now()
  const before = process.cpuUsage()
  while (performance.now() - began < 1000) Math.sqrt(began)
  const { user, system } = process.cpuUsage(before)
  return `a busy loop gets ${((user + system) / 1e4).toFixed(0)} % of a core`
}

const START = `${JSON.stringify({
  event: 'start',
  space: 'nasbench201',
  method: 'pada',
  dataset: 'synthetic',
  parameters: 1_692_474,
  stepsPerEpoch: 196,
  epochs: events + TRIES,
  warnings: [],
})}\n`

const folder = temporaryFolder('pada-watch-')
const log = (/** @type {number} */ run) => join(folder, `run-${run}`, 'events.jsonl')
let bytes = 0
for (let run = 0; run < runs; run++) {
  mkdirSync(join(folder, `run-${run}`))
  writeFileSync(join(folder, `run-${run}`, 'config.yaml'), 'space: {name: nasbench201}\n')
  const text = START + Array.from({ length: events }, (_, epoch) => epochLine(run, epoch)).join('')
  writeFileSync(log(run), text)
  bytes += text.length
}
console.log(`machine: ${describeLoad()}`)
console.log(`${runs} runs of ${events} events: ${(bytes / 1e6).toFixed(0)} MB of logs`)
if (runs > 0) await measurePage()
await measureRecording()

async function measurePage() {
  const started = performance.now()
  const server = await watch({ folder, port: 0 })
  const browser = await chromium.launch({
    executablePath: values.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'],
  })
  try {
    /** @param {string} hash */
    const open = async (hash) => {
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
      const drawn = hash === '#all' ? runs : Math.min(8, runs)
      const began = performance.now()
      await page.goto(server.url + hash, { waitUntil: 'commit' })
      return { page, drawn, began }
    }
    /** @param {string} hash */
    const load = async (hash) => {
      const { page, drawn, began } = await open(hash)
      await page.waitForSelector(`#curves[data-rows="${events * drawn}"]`, { timeout: 300_000 })
      return { page, took: performance.now() - began }
    }
    // The server has just begun to read.
    const cold = await open('#all')
    await cold.page.waitForSelector(`#curves[data-runs="${runs}"]`, { timeout: 300_000 })
    console.log(`all drawn, page opened with a server that has just started: ${show(performance.now() - started)}`)
    console.log(`of it, opening a page: ${show(cold.began - started)}`)
    await cold.page.waitForSelector(`#curves[data-rows="${events * runs}"]`, { timeout: 300_000 })
    console.log(`all drawn with every epoch: ${show(performance.now() - started)}`)
    await cold.page.close()
    for (const [hash, what] of [
      ['', 'the latest 8 drawn'],
      ['#all', 'all drawn'],
    ]) {
      const times = []
      for (let i = 0; i < 5; i++) {
        const { page, took } = await load(hash)
        times.push(took)
        await page.close()
      }
      console.log(`${what}, page opened later: median ${show(median(times))}, worst ${show(Math.max(...times))}`)
    }
    for (const [hash, what] of [
      ['', '8 drawn'],
      ['#all', 'all drawn'],
    ]) {
      const { page } = await load(hash)
      await measureLatency(page, what)
      if (values.screenshots !== undefined) {
        mkdirSync(values.screenshots, { recursive: true })
        await page.screenshot({ path: join(values.screenshots, `bench${hash.slice(1)}.png`), fullPage: true })
      }
      await page.close()
      // What was added is in the first run; the next page waits for the same number of rows of each.
      if (hash === '') writeFileSync(log(0), START + Array.from({ length: events }, (_, e) => epochLine(0, e)).join(''))
      await sleep(2000)
    }
  } finally {
    await browser.close()
    await server.close()
  }
}

/**
 * From an event that is appended to the log until two frames after its row is in the table.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} what
 */
async function measureLatency(page, what) {
  const times = []
  for (let i = 0; i < TRIES; i++) {
    // The text of a function, because it is the page's: it knows nothing of this script.
    const seen = page.evaluate(`new Promise((resolve) => {
      const runs = document.querySelector('#runs')
      new MutationObserver((_, observer) => {
        if (!runs.textContent.includes('epoch ${events + i + 1}/')) return
        observer.disconnect()
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(Date.now())))
      }).observe(runs, { subtree: true, childList: true, characterData: true })
    })`)
    await sleep(300 + 37 * i)
    const written = Date.now()
    appendFileSync(log(0), epochLine(0, events + i))
    times.push(Number(await seen) - written)
  }
  console.log(`new event on the screen, ${what}: median ${show(median(times))}, worst ${show(Math.max(...times))}`)
}

/**
 * What a write of the progress costs, beside the same timers without it. A clock of its own makes each event due; in a
 * run one in ten is, once a second.
 */
async function measureRecording() {
  const times = 300
  const run = join(folder, 'recorded')
  mkdirSync(run)
  let now = 0
  const recorder = await ProgressRecorder.open(run, { epochs: 10, stepsPerEpoch: 100_000, now: () => now })
  const costs = []
  for (const observe of [
    () => {},
    (/** @type {number} */ i) => {
      now = i
      const step = { event: 'step', epoch: 0, step: i, steps: 1000, images: 64 * i, seconds: i / 10, loss: 2 }
      recorder.observe(step)
    },
  ]) {
    const before = process.cpuUsage()
    let waited = 0
    for (let i = 1; i <= times; i++) {
      const began = performance.now()
      observe(i)
      waited += performance.now() - began
      await sleep(20)
    }
    const { user, system } = process.cpuUsage(before)
    costs.push({ waited, used: (user + system) / 1000 })
  }
  await recorder[Symbol.asyncDispose]()
  const [without, recorded] = costs
  // One write a second.
  const share = (/** @type {number} */ milliseconds) => `${(milliseconds / times / 10).toFixed(3)} %`
  console.log(`progress recorded once a second: training waits ${share(recorded.waited - without.waited)} of its time`)
  console.log(`processor time for it, of all threads: ${share(recorded.used - without.used)} of one core`)
}
