/** What pages show of scripts is part of an example, all of which run with the tests. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const examples = readdirSync(`${root}/examples`).map((file) => readFileSync(`${root}/examples/${file}`, 'utf8'))

it.each(['docs/scripting.md', 'docs/retraining.md', 'docs/own-images.md', 'docs/own-method.md', 'README.md'])(
  '%s shows parts of examples',
  (page) => {
    const snippets = [...readFileSync(`${root}/${page}`, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
      ([, code]) => code,
    )
    expect(snippets.length).toBeGreaterThan(0)
    for (const snippet of snippets) {
      expect(
        examples.some((example) => example.includes(`\n${snippet}`)),
        snippet,
      ).toBe(true)
    }
  },
)
