// Every link of the finished site leads to a file in it, and every anchor to an element of that page.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const site = fileURLToPath(new URL('.vitepress/dist', import.meta.url))
const pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'))
const html = new Map(pages.map((page) => [page, readFileSync(join(site, page), 'utf8')]))
const ids = new Map(
  [...html].map(([page, text]) => [page, new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))]),
)

/** The file that an address of a page leads to; undefined if there is none. */
function target(page, address) {
  const path = address.startsWith('/') ? join(site, address) : join(site, dirname(page), address)
  return [path, `${path}.html`, join(path, 'index.html')].find((file) => existsSync(file) && statSync(file).isFile())
}

let links = 0
const broken = []
for (const [page, text] of html) {
  for (const [, address] of text.matchAll(/ (?:href|src)="([^"]+)"/g)) {
    if (/^(?:https?:|data:|mailto:)/.test(address)) continue
    links++
    const [path, anchor] = decodeURIComponent(address).split('#')
    const file = path === '' ? join(site, page) : target(page, path)
    const known = file === undefined ? undefined : ids.get(relative(site, file))
    if (file === undefined || (anchor && known !== undefined && !known.has(anchor))) broken.push(`${page}: ${address}`)
  }
}
process.stdout.write(`${links} links on ${pages.length} pages, ${broken.length} broken\n`)
for (const line of new Set(broken)) process.stdout.write(`${line}\n`)
process.exitCode = broken.length === 0 ? 0 : 1
