/** Links between pages, and to files of the repository, lead somewhere; so do their anchors. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { pages, root } from '../../support/pages.js'

const ALL = [
  ...pages,
  ...readdirSync(root).filter((name) => name.endsWith('.md') && name !== 'README.md'),
  'scripts/README.md',
]

const text = (page: string) => readFileSync(join(root, page), 'utf8')
/** A page without its code, in which brackets are no links. */
const prose = (page: string) =>
  text(page)
    .replaceAll(/^```.*?^```$/gms, '')
    .replaceAll(/`[^`\n]*`/g, '')

/** The anchor that GitHub makes of a heading. */
function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')
}

function anchors(page: string): Set<string> {
  const headings = [
    ...text(page)
      .replaceAll(/^```.*?^```$/gms, '')
      .matchAll(/^#{1,6} (.+)$/gm),
  ]
  return new Set(headings.map(([, heading]) => anchorOf(heading)))
}

/** Links of a page that lead to no file, or to no heading of a page. */
function broken(page: string): string[] {
  const links = [...prose(page).matchAll(/!?\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, link]) => link)
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false
    const [path, anchor] = link.split('#')
    const target = path === '' ? page : relative(root, join(root, dirname(page), path))
    if (!existsSync(join(root, target))) return true
    return anchor !== undefined && target.endsWith('.md') && !anchors(target).has(anchor)
  })
}

it.each(ALL)('%s', (page) => {
  expect(broken(page)).toEqual([])
})

it('finds hundreds of links, and would find a broken one', () => {
  const count = ALL.reduce((sum, page) => sum + [...prose(page).matchAll(/\]\(/g)].length, 0)
  expect(count).toBeGreaterThan(200)
  expect(anchors('docs/settings.md').has('trainingaugmentation')).toBe(true)
  expect(anchors('docs/settings.md').has('training.augmentation')).toBe(false)
})

it('the index lists every page', () => {
  const listed = [...text('docs/README.md').matchAll(/\]\(([\w-]+\.md)/g)].map(([, name]) => `docs/${name}`)
  expect(pages.filter((page) => !['README.md', 'docs/README.md'].includes(page) && !listed.includes(page))).toEqual([])
})

it('the front door is short', () => {
  expect(text('README.md').split('\n').length).toBeLessThan(150)
})
