/** The pages for users, and the blocks of code on them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** README and everything in docs/, by name. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

export const pageText = (page: string) => readFileSync(join(root, page), 'utf8')

/** A fenced block of code. */
export interface Block {
  readonly page: string
  /** Line of the fence, from 1. */
  readonly line: number
  readonly language: string
  readonly code: string
  /** What its first line says that it needs, beyond a set-up; undefined if anyone can run it. */
  readonly needs?: string
}

export function blocksOf(page: string): Block[] {
  const text = pageText(page)
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(({ 1: language, 2: code, index }) => ({
    page,
    line: text.slice(0, index).split('\n').length,
    language,
    code,
    needs: /^# needs (.+)\n/.exec(code)?.[1],
  }))
}
