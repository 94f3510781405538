/** The page of a report: one HTML file that needs no other and no network. */
import { COLORS, DARK_PAGE, IN_THE_DARK } from './colors.js'
import { type Content, Html, html } from './html.js'

/** The whole file. `title` is its heading, `lead` the lines below it. */
export function page(title: string, lead: Content, sections: readonly Html[]): string {
  const { text } = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="lead">${lead}</p>
${sections}
</main>
</body>
</html>
`
  return text
}

const DARK_FIGURES = Object.entries(IN_THE_DARK)
  .flatMap(([light, dark]) =>
    ['fill', 'stroke'].map((property) => `.plot svg [${property}="${light}"] { ${property}: ${dark} }`),
  )
  .join('\n')

const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: ${COLORS.ink}; --faint: #59636e; --line: #d1d9e0; --soft: #f6f8fa; --link: #0969da }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem }
a { color: var(--link) }
.lead, figcaption, .faint { color: var(--faint) }
.lead { margin: 0 0 1rem; overflow-wrap: anywhere }
.notes { border-left: 4px solid #9a6700; background: var(--soft); padding: .5rem 1rem .5rem 2rem; margin: 1rem 0 }
.numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1rem 0 }
.numbers div { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .75rem }
.numbers dt { color: var(--faint); font-size: .8rem }
.numbers dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums }
.wide { overflow-x: auto; margin: 1rem 0 }
figure .wide { margin: 0 }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line) }
thead th { color: var(--faint); font-weight: 600; white-space: nowrap }
tbody th { font-weight: 400 }
td.number, th.number { text-align: right; white-space: nowrap }
code, pre { font: .8125rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
code { overflow-wrap: anywhere }
pre { background: var(--soft); padding: .75rem 1rem; overflow-x: auto; border-radius: 6px }
figure { margin: 1.5rem 0 }
figcaption { font-size: .8125rem; margin-top: .25rem }
.plot svg { max-width: 100%; height: auto; display: block }
.plot svg, .drawing svg, .drawing img { border: 1px solid var(--line); border-radius: 6px }
.drawing svg, .drawing img { background: #fff; max-width: 100%; height: auto; display: block }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .5rem 0 }
dl.facts dt { color: var(--faint) }
dl.facts dd { margin: 0; overflow-wrap: anywhere }
summary { cursor: pointer }
@media screen and (max-width: 40rem) { .plot svg { max-width: none } table { min-width: 36rem } }
@media (max-width: 30rem) { dl.facts { grid-template-columns: 1fr } dl.facts dt { margin-top: .4rem } }
@media screen and (prefers-color-scheme: dark) {
:root { --paper: ${DARK_PAGE.paper}; --ink: ${DARK_PAGE.ink}; --faint: ${DARK_PAGE.faint}; --line: ${DARK_PAGE.line}; --soft: #151b23; --link: #4493f8 }
${DARK_FIGURES}
}
@media print {
main { max-width: none; padding: 0 }
figure, .numbers, tr { break-inside: avoid }
h2, h3 { break-after: avoid }
.wide { overflow: visible }
details::details-content { content-visibility: visible; height: auto; display: block }
pre { white-space: pre-wrap }
}
`
