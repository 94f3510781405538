// The site is made of the pages as they are; docs/README.md is its menu.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** The anchor that GitHub makes of a heading, so that links work in both places. */
export function anchorOf(heading) {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')
}

/** Links to files that are no pages stay as they are; VitePress would take them for pages. */
function linkFiles(md) {
  const asPage = md.renderer.rules.link_open
  md.renderer.rules.link_open = (tokens, at, options, env, self) => {
    const path = tokens[at].attrGet('href').replace(/#.*/, '')
    const isPage = path === '' || path.endsWith('.md') || /^[a-z]+:/.test(path)
    return isPage ? asPage(tokens, at, options, env, self) : self.renderToken(tokens, at, options)
  }
}

/** The menu: sections and tables of docs/README.md. */
function sidebar() {
  const index = readFileSync(join(root, 'docs/README.md'), 'utf8')
  return index
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      text: section.split('\n')[0].replace(/:.*/, ''),
      items: [...section.matchAll(/^\| \[([^\]]+)\]\(([\w-]+)\.md(#[\w-]+)?\)/gm)].map(
        ([, text, page, anchor = '']) => ({
          text,
          link: `/docs/${page}${anchor}`,
        }),
      ),
    }))
}

export default defineConfig({
  title: 'pada-native',
  description: 'One-shot neural architecture search: train one supernet, rank thousands of architectures',
  srcDir: 'pages',
  markdown: { anchor: { slugify: anchorOf }, config: linkFiles },
  // check-links.mjs checks all links of the finished site, also those to files that are no pages.
  ignoreDeadLinks: true,
  themeConfig: {
    nav: [
      { text: 'First search', link: '/docs/first-search' },
      { text: 'All pages', link: '/docs/README' },
      { text: 'Settings', link: '/docs/settings' },
      { text: 'Results', link: '/docs/results' },
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
  },
})
