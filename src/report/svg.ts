/** Writes SVG as text. Attributes and texts are escaped here and nowhere else. */
import { COLORS } from './colors.js'

/** Text of an SVG element, or of several. */
export type Svg = string

export const INK = COLORS.ink
/** Of what cannot change the output. */
export const GREY = COLORS.faint

const FONT = 'Helvetica, Arial, "Liberation Sans", sans-serif'

type Attributes = Readonly<Record<string, string | number | undefined>>

/** An element with attributes, of which undefined ones are left out, and with children that are SVG. */
export function element(name: string, attributes: Attributes, children: readonly Svg[] = []): Svg {
  const list = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${typeof value === 'number' ? number(value) : escaped(value)}"`],
  )
  const start = `<${name}${list.join('')}`
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`
}

/** One line of text around a point. The part in braces of `c_{k-2}` is a subscript. */
export function text(content: string, x: number, y: number, attributes: Attributes = {}): Svg {
  const [, base, index] = /^(.*)_\{(.*)\}$/.exec(content) ?? [undefined, content]
  const subscript = index === undefined ? [] : [element('tspan', { dy: 4, 'font-size': 10 }, [escaped(index)])]
  return element('text', { x, y, 'text-anchor': 'middle', ...attributes }, [escaped(base), ...subscript])
}

/** A line of text as it is read, without the marks of a subscript. */
export function plain(content: string): string {
  return content.replace(/_\{(.*)\}$/, '$1')
}

/**
 * A whole file on a white background, which is legible on dark pages too. `title` and `description` are its alternative
 * for those who do not see it. No element has an id, so that a page may hold several drawings.
 */
export function drawing(
  { width, height, title, description }: { width: number; height: number; title: string; description: string },
  children: readonly Svg[],
): Svg {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    role: 'img',
    width,
    height,
    viewBox: `0 0 ${number(width)} ${number(height)}`,
    'font-family': FONT,
    'font-size': 13,
    fill: INK,
  }
  const parts = [
    element('title', {}, [escaped(title)]),
    element('desc', {}, [escaped(description)]),
    element('rect', { width, height, fill: 'white' }),
    ...children,
  ]
  return `${element('svg', attributes, [`\n${parts.join('\n')}\n`])}\n`
}

/** Text with question marks for the characters that neither XML 1.0 nor JSON allows in it. */
export function printable(content: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return content.replaceAll(/[\u0000-\u001f\ud800-\udfff\ufffe\uffff]/gu, '?')
}

/** Text for XML and HTML, also within quotation marks. */
export function escaped(content: string): string {
  const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' } as const
  return printable(content).replaceAll(/[&<>"]/g, (character) => entities[character as keyof typeof entities])
}

/** Two digits behind the point are finer than any pixel. */
function number(value: number): string {
  return String(Math.round(value * 100) / 100)
}
