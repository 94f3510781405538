/** Tables, and the pages that hold them. */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import Table from 'cli-table3'
import { writeAtomically } from '../../dist/base/atomic.js'

/** For the terminal. The first column is text, the others are numbers. */
export function terminalTable(head, rows) {
  const colAligns = head.map((_, column) => (column === 0 ? 'left' : 'right'))
  const table = new Table({ head, colAligns, style: { head: [], border: [], compact: true } })
  table.push(...rows)
  return table.toString()
}

export function markdownTable(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`; appends it, markers included, where they are not. */
export async function replaceSection(file, name, text) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const section = `${begin}\n${text.trim()}\n${end}`
  const page = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  const marked = from >= 0 && to > from
  const replaced = marked ? page.slice(0, from) + section + page.slice(to + end.length) : `${page}\n${section}\n`
  await writeFileIn(file, replaced.trimStart())
}

export async function writeJson(file, value) {
  // Long lists of numbers on a line of their own each, so that a diff shows what was measured anew.
  const text = JSON.stringify(value, undefined, 2).replace(/\[[\s\d.,-]*\]/g, (list) =>
    list.replace(/\s+/g, '').replaceAll(',', ', '),
  )
  await writeFileIn(file, `${text}\n`)
}

export async function writeFileIn(file, text) {
  await mkdir(dirname(file), { recursive: true })
  await writeAtomically(file, text)
}
