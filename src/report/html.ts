/** Writes HTML as text. What a template inserts is escaped, unless it is HTML itself. */
import { escaped } from './svg.js'

/** Text that is HTML already. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What a template may insert. Undefined leaves nothing. */
export type Content = string | number | Html | undefined | readonly Content[]

/** A template of HTML: html\`<p>${anything}</p>\`. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(parts.map((part, i) => (i === 0 ? '' : textOf(contents[i - 1])) + part).join(''))
}

function textOf(content: Content): string {
  if (content === undefined) return ''
  if (content instanceof Html) return content.text
  if (Array.isArray(content)) return content.map(textOf).join('')
  return String(content).split('\n').map(escaped).join('\n')
}

/** The address of a file, relative to the page. `path` has slashes. */
export function address(path: string): string {
  const segments = path.split('/').map(encodeURIComponent)
  return segments[0] === '..' || segments[0] === '' ? segments.join('/') : `./${segments.join('/')}`
}
