/** Parts that several sections of a report are made of. */
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { address, type Content, Html, html } from './html.js'
import { drawFigure, type Figure } from './plot.js'

/** A figure and its drawing. */
export interface Drawn {
  /** Name of the files that it may be written to, without ending. */
  readonly name: string
  readonly svg: string
}

/** Draws figures one after the other; undefined ones are left out. Drawings are added to `drawn`. */
export async function figures(list: readonly (Figure | undefined)[], drawn: Drawn[], prefix = ''): Promise<Html[]> {
  const parts: Html[] = []
  for (const figure of list) {
    if (figure === undefined) continue
    const svg = await drawFigure(figure)
    drawn.push({ name: prefix + figure.name, svg })
    parts.push(html`<figure class="plot">
<div class="wide" tabindex="0" role="group" aria-label="${figure.title}">${new Html(svg)}</div>
<figcaption>${figure.description}</figcaption>
</figure>
`)
  }
  return parts
}

/** A drawing of an architecture, which says itself what it shows. */
export function drawing(svg: string, caption: Content): Html {
  return html`<figure class="drawing">${new Html(svg)}<figcaption>${caption}</figcaption></figure>
`
}

/** Names and values. Values that are undefined are left out, and so is a list without any. */
export function facts(rows: readonly (readonly [string, Content])[]): Html | undefined {
  const known = rows.filter(([, value]) => value !== undefined)
  if (known.length === 0) return undefined
  return html`<dl class="facts">${known.map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>
`,
  )}</dl>
`
}

/** Large numbers with their names. Those that are undefined are left out. */
export function numbers(rows: readonly (readonly [string, string | undefined])[]): Html | undefined {
  const known = rows.filter(([, value]) => value !== undefined)
  if (known.length === 0) return undefined
  return html`<dl class="numbers">${known.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>
`,
  )}</dl>
`
}

/** A column of a table. */
export interface Column<Row> {
  readonly title: string
  /** True if it is aligned at the right. */
  readonly number?: boolean
  valueOf(row: Row): Content
}

/** A table whose first column names the rows. Columns without any value are left out. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const cells = rows.map((row) => columns.map((column) => column.valueOf(row)))
  const kept = columns.flatMap((column, c) => (cells.some((line) => line[c] !== undefined) ? [{ ...column, c }] : []))
  const kind = (number?: boolean) => (number ? html` class="number"` : undefined)
  return html`<div class="wide" tabindex="0" role="group" aria-label="${caption}"><table>
<thead><tr>${kept.map(({ title, number }) => html`<th scope="col"${kind(number)}>${title}</th>`)}</tr></thead>
<tbody>${cells.map(
    (line) => html`<tr>${kept.map(({ c, number }, place) =>
      place === 0
        ? html`<th scope="row"${kind(number)}>${line[c]}</th>`
        : html`<td${kind(number)}>${line[c] ?? '–'}</td>`,
    )}</tr>
`,
  )}</tbody>
</table></div>
`
}

/** A section with a heading of the given level, unless it has no content. */
export function section(level: 2 | 3, title: Content, content: readonly (Html | undefined)[]): Html | undefined {
  const kept = content.filter((part) => part !== undefined && part.text !== '')
  if (kept.length === 0) return undefined
  const heading = level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`
  return html`<section>
${heading}
${kept}</section>
`
}

/** Sentences about what is missing or damaged. */
export function notes(sentences: readonly string[]): Html | undefined {
  if (sentences.length === 0) return undefined
  return html`<ul class="notes">${sentences.map(
    (sentence) => html`<li>${sentence}</li>
`,
  )}</ul>
`
}

/** Links, relative to the folder `from`, to the files of a folder that are there. `files` says what is in them. */
export async function fileList(files: Readonly<Record<string, string>>, folder: string, from: string): Promise<Html> {
  const names = await readdir(folder)
  const known = Object.entries(files).filter(([name]) => names.includes(name))
  const link = (name: string) => address(relative(from, join(folder, name)).split(sep).join('/'))
  return html`<ul>${known.map(
    ([name, what]) => html`<li><a href="${link(name)}">${name}</a>: ${what}</li>
`,
  )}</ul>
`
}
