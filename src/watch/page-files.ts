/** The files of the page. No other file is ever read for a request. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { packageRoot } from '../base/folders.js'

export interface PageFile {
  readonly type: string
  readonly content: Buffer
}

const PAGE = join(packageRoot, 'assets', 'watch')

/** Files of the page itself. */
const OWN = [
  'index.html',
  'style.css',
  'main.js',
  'connection.js',
  'store.js',
  'runs-table.js',
  'curves.js',
  'plot.js',
  'thin.js',
  'distribution.js',
  'results.js',
  'colors.js',
  'selection.js',
  'elements.js',
  'facts.js',
  'format.js',
  'kinds.js',
  'zoom.js',
]

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
}

/** Reads all files of the page, by their paths in URLs. */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const plots = join(dirname(createRequire(import.meta.url).resolve('uplot')), '..', 'dist')
  const places: [string, string][] = [
    ...OWN.map((name): [string, string] => [name, join(PAGE, name)]),
    ['uplot.js', join(plots, 'uPlot.esm.js')],
    ['uplot.css', join(plots, 'uPlot.min.css')],
  ]
  const files = await Promise.all(
    places.map(async ([name, place]): Promise<[string, PageFile]> => {
      const type = TYPES[name.slice(name.lastIndexOf('.') + 1)]
      return [name === 'index.html' ? '/' : `/${name}`, { type, content: await readFile(place) }]
    }),
  )
  return new Map(files)
}
