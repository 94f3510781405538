// Copies the pages, and the files that they link to, into pages/, which the site is built from.
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = fileURLToPath(new URL('pages', import.meta.url))

/** Pages, and their place in the site. */
const PAGES = {
  'README.md': 'index.md',
  docs: 'docs',
  'CHANGELOG.md': 'CHANGELOG.md',
  'CONTRIBUTING.md': 'CONTRIBUTING.md',
  'SECURITY.md': 'SECURITY.md',
  'scripts/README.md': 'scripts/README.md',
}
/** Other files and folders that pages link to. */
const FOLDERS = ['examples', 'configs', 'configs/experiments', 'docs/evidence']
const FILES = ['LICENSE', 'CITATION.cff', 'assets/fashion-mnist/LICENSE']

/**
 * @param {string} from
 * @param {string} to
 */
function copy(from, to) {
  mkdirSync(dirname(join(pages, to)), { recursive: true })
  cpSync(join(root, from), join(pages, to), { recursive: true })
}

rmSync(pages, { recursive: true, force: true })
for (const [from, to] of Object.entries(PAGES)) copy(from, to)
for (const file of FILES) copy(file, join('public', file))
for (const folder of FOLDERS) {
  const place = join('public', folder)
  copy(folder, place)
  const names = readdirSync(join(root, folder))
  const items = names.map((name) => `<li><a href="/${folder}/${name}">${name}</a></li>`)
  writeFileSync(join(pages, place, 'index.html'), `<!doctype html><title>${folder}</title><ul>${items.join('')}</ul>\n`)
}
