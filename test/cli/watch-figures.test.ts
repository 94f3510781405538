/** The figures of the page of `watch`, in a real browser. Skipped on machines without Chromium. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { watch } from '../../src/watch/server.js'
import { findBrowser, openBrowser } from '../support/browser.js'
import { temporaryFolder, writeFiles } from '../support/folders.js'

const CHROMIUM = findBrowser()
const WAIT = { timeout: 60_000 }
const SHARES = [0.1, 0.2, 0.3, 0.15, 0.25]

const epoch = (index: number, loss: number) =>
  `${JSON.stringify({ event: 'epoch', epoch: index, loss, pathDistribution: SHARES })}\n`

/** A run whose epochs have these losses. */
const run = (...losses: number[]) => ({
  'config.yaml': 'space: {name: nasbench201}\n',
  'events.jsonl': losses.map((loss, index) => epoch(index, loss)).join(''),
})

/** A page that shows runs, and their folder. `prepare` runs before the page does. */
async function opened(runs: Readonly<Record<string, Readonly<Record<string, string>>>>, prepare = '') {
  const folder = temporaryFolder()
  for (const [name, files] of Object.entries(runs)) writeFiles(join(folder, name), files)
  const server = await watch({ folder, port: 0 })
  onTestFinished(() => server.close())
  const browser = await openBrowser(CHROMIUM!)
  onTestFinished(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 } })
  await page.addInitScript(prepare)
  await page.goto(server.url)
  return { folder, page }
}

/** The figure of a title. */
const figure = (page: Page, title: string) => page.locator(`figure:has(h3:text-is("${title}"))`)

/** Lets the pointer rest at the right end of a figure, above its lines. Its readout tells of the last epoch. */
async function pointAtEnd(page: Page, title: string): Promise<void> {
  const over = figure(page, title).locator('.u-over').first()
  await over.scrollIntoViewIfNeeded()
  const { width } = (await over.boundingBox())!
  await over.hover({ position: { x: width - 1, y: 1 } })
}

test.skipIf(CHROMIUM === undefined)('a figure tells each probability, not the sums that it draws', async () => {
  const { page } = await opened({ a: run(3, 2) })
  const title = 'Mean over all choices, by epoch'
  const label = await figure(page, title).locator('.plot[aria-label]').getAttribute('aria-label')
  expect(label).toBe(
    `${title}. Latest: avg_pool_3x3: 25.00 %; nor_conv_3x3: 15.00 %; nor_conv_1x1: 30.00 %; skip_connect: 20.00 %; none: 10.00 %`,
  )
  await pointAtEnd(page, title)
  const readout = figure(page, title).locator('figcaption')
  await expect.poll(() => readout.textContent(), WAIT).toMatch(/^epoch 2 · avg_pool_3x3 25\.00 %( · nor_conv_3x3 15|$)/)
})

test.skipIf(CHROMIUM === undefined)('a figure tells of points that came after it was made', async () => {
  const step = (epoch: number, done: number, loss: number) =>
    `{"event":"step","epoch":${epoch},"step":${done},"steps":10,"loss":${loss}}\n`
  const { folder, page } = await opened({
    a: { ...run(3), 'steps.jsonl': step(0, 2, 3) + step(1, 2, 2) },
    b: { ...run(3), 'steps.jsonl': step(0, 5, 4) + step(1, 5, 3.5) },
  })
  const title = 'Loss of sampled steps'
  /** The readout, whatever the order of the runs. */
  const read = async () => {
    const text = await figure(page, title).locator('figcaption').textContent()
    return text?.split(' · ').toSorted().join(', ')
  }
  await figure(page, title).locator('[aria-label*="a: 2.000"][aria-label*="b: 3.500"]').waitFor()
  await pointAtEnd(page, title)
  await expect.poll(read, WAIT).toBe('a –, b 3.500, epoch 1.5')
  appendFileSync(join(folder, 'a/steps.jsonl'), step(2, 5, 1.25))
  // The pointer rests, and the last point comes to it.
  await expect.poll(read, WAIT).toBe('a 1.250, b –, epoch 2.5')
})

/** Counts what plots leave in the window: listeners for its resolution, and observers of sizes. */
const COUNT = `
  window.left = 0
  for (const [object, begin, end, counts] of [
    [window, 'addEventListener', 'removeEventListener', (type) => type === 'dppxchange'],
    [ResizeObserver.prototype, 'observe', 'disconnect', () => true],
  ]) {
    for (const [name, change] of [[begin, 1], [end, -1]]) {
      const original = object[name]
      object[name] = function (...values) {
        if (counts(values[0])) window.left += change
        return original.apply(this, values)
      }
    }
  }`

test.skipIf(CHROMIUM === undefined)('figures that go leave nothing in the window', async () => {
  const { page } = await opened({ a: run(3, 2), b: run(4, 3) }, COUNT)
  const left = () => page.evaluate('window.left')
  /** Chooses which runs are drawn, until so many have a figure of their own. */
  const choose = async (rule: string, cards: number) => {
    await page.click(`[data-select="${rule}"]`)
    await expect.poll(() => page.locator('#paths canvas').count(), WAIT).toBe(cards)
  }
  await choose('all', 2)
  const [before, figures] = [await left(), 2]
  await choose('none', 0)
  // Each has an observer and a listener.
  expect(await left()).toBe(Number(before) - 2 * figures)
  await choose('all', 2)
  await choose('none', 0)
  await choose('all', 2)
  expect(await left()).toBe(before)
})

test.skipIf(CHROMIUM === undefined)(
  'a page that cannot be drawn says why, and is drawn again once it can',
  async () => {
    const { folder, page } = await opened({ a: run(3, 2) })
    await page.waitForSelector('#curves[data-rows="2"]')
    await page.evaluate('document.getElementById("counts").id = "other"')
    appendFileSync(join(folder, 'a/events.jsonl'), epoch(2, 1))
    await page.waitForSelector(
      '#status.lost:text-is("The page cannot be drawn: Expected an element #counts but the page has none")',
    )
    await page.evaluate('document.getElementById("other").id = "counts"')
    appendFileSync(join(folder, 'a/events.jsonl'), epoch(3, 1))
    await page.waitForSelector('#curves[data-rows="4"]')
    await page.waitForSelector('#status:not(.lost):text-is("Live")')
  },
)
