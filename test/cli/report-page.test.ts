/** The page of a report in a real browser. Skipped on machines without Chromium. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BrowserContextOptions } from 'playwright-core'
import { expect, test } from 'vitest'
import { findBrowser, openBrowser } from '../support/browser.js'
import { pada, temporaryFolder } from '../support/harness.js'
import { makeRetraining, makeSearchRun } from '../support/made-up-run.js'

const browser = findBrowser()
if (browser === undefined) console.warn('The page of a report is not tried: this machine has no Chromium in its PATH.')

/** The title within a figure. */
const TITLE = `[...document.querySelectorAll('.plot text')].find((one) => one.textContent === 'Training of the supernet')`

const SCREENS: readonly [string, BrowserContextOptions][] = [
  ['light', { viewport: { width: 1100, height: 900 }, colorScheme: 'light' }],
  ['dark', { viewport: { width: 1100, height: 900 }, colorScheme: 'dark' }],
  ['narrow', { viewport: { width: 400, height: 800 } }],
]

test.skipIf(browser === undefined)('a report opens in a browser, loads nothing, and fits each screen', async () => {
  const folder = temporaryFolder()
  makeSearchRun(join(folder, 'a<b>'), { dataset: '<img src=x onerror=alert(1)>' })
  makeRetraining(join(folder, 'alone'))
  const out = join(folder, 'report.html')
  const outcome = await pada(['report', join(folder, 'a<b>'), join(folder, 'alone'), '--out', out])
  expect(outcome.code, outcome.stderr).toBe(0)

  const chromium = await openBrowser(browser!)
  try {
    const papers: string[] = []
    for (const [name, options] of SCREENS) {
      const page = await (await chromium.newContext(options)).newPage()
      const said: string[] = []
      const requests: string[] = []
      page.on('console', (message) => said.push(message.text()))
      page.on('pageerror', (error) => said.push(error.message))
      page.on('request', (request) => requests.push(request.url()))
      await page.goto(pathToFileURL(out).href)
      expect(said, name).toEqual([])
      expect(requests, name).toEqual([pathToFileURL(out).href])
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBe(options.viewport!.width)
      const figures = page.getByRole('img')
      expect(await figures.count(), name).toBe(6 + 3 + 1 + 1)
      expect(await figures.first().locator('title').textContent()).toMatch(/^Architecture of nasbench201: /)
      expect(await figures.evaluateAll((all) => all.every((one) => one.getBoundingClientRect().width > 100))).toBe(true)
      papers.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
      papers.push(await page.evaluate(`getComputedStyle(${TITLE}).fill`))
    }
    // Dark pages have dark paper and light text, in figures too.
    const [light, ink, dark, darkInk] = papers
    expect([light, ink]).toEqual(['rgb(255, 255, 255)', 'rgb(36, 41, 47)'])
    expect([dark, darkInk]).toEqual(['rgb(13, 17, 23)', 'rgb(230, 237, 243)'])
  } finally {
    await chromium.close()
  }
})
