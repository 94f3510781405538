/** Writes docs/events.md from the types of the events and their docstrings. */
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { table } from './settings-words.mjs'

/** @typedef {{ type: string, about: string, fields: readonly Field[], parents: readonly string[] }} Interface */
/** @typedef {{ name: string, type: string, about: string, optional: boolean }} Field */

const INTRO = `# Events

<!-- Written by \`npm run docs:reference\` from the types in src; edit their docstrings there. -->

Commands with \`--json\` print events, a [run folder](run-folder.md) keeps them in \`events.jsonl\`, and
[scripts](scripting.md) receive them. An event is a JSON object; its field \`event\` names its kind. Epochs and steps count
from 0 here; the lines that commands print, and errors, count from 1. A field with \`?\` may be absent.

| Where | Events |
| --- | --- |
| in a script | all but \`stopped\` |
| \`--json\` | all but \`stopped\`, and but \`step\`, \`measuring\`, \`evaluated\` and \`candidate\`, which tell progress |
| \`events.jsonl\` | \`start\`, \`epoch\`, \`result\`; \`stopped\` if the run ended without a result |
`

/** Sections of the page: title, and the types in order. */
const SECTIONS = /** @type {const} */ ([
  [
    'A search',
    [
      'StartEvent',
      'StepEvent',
      'MeasuringEvent',
      'EpochEvent',
      'CheckpointEvent',
      'EvaluatedEvent',
      'CandidateEvent',
      'DiscardedEvent',
      'StoppedEvent',
      'ResultEvent',
    ],
  ],
  ['A retraining', ['RetrainStartEvent', 'RetrainEpochEvent', 'RetrainResult']],
  [
    'An experiment',
    [
      'ExperimentStartEvent',
      'CellEvent',
      'CellSearchEvent',
      'CellDoneEvent',
      'CellFailedEvent',
      'WaitingEvent',
      'ReportEvent',
    ],
  ],
  [
    'Parts of events',
    [
      'UsedImages',
      'UsedSplit',
      'TruthSource',
      'RankingImages',
      'Machine',
      'ComputedFrom',
      'RankedSubModel',
      'FoundSubModel',
      'Found',
      'Normalisation',
      'Outdated',
    ],
  ],
])

/** Files that declare these types. */
export const SOURCES = [
  'src/search/events.ts',
  'src/training/events.ts',
  'src/evaluation/events.ts',
  'src/finding/events.ts',
  'src/runs/computed-from.ts',
  'src/runs/result.ts',
  'src/runs/stopped.ts',
  'src/retraining/events.ts',
  'src/experiment/events.ts',
  'src/data/images.ts',
  'src/data/splits.ts',
  'src/native/machine.ts',
]

/**
 * The page.
 *
 * @param {readonly string[]} files Sources of the types, as paths.
 * @returns {string}
 */
export function eventsPage(files) {
  const types = new Map(files.flatMap((file) => interfaces(file).map((one) => /** @type {const} */ ([one.type, one]))))
  const parts = SECTIONS.map(([title, names]) => {
    const sections = names.map((name) => {
      const type = types.get(name)
      if (type === undefined) throw new Error(`Expected the type ${name} in ${files.join(', ')}`)
      return section(type, types)
    })
    return `## ${title}\n\n${sections.join('\n')}`
  })
  return [INTRO, ...parts].join('\n')
}

/**
 * @param {Interface} one
 * @param {ReadonlyMap<string, Interface>} types
 */
function section(one, types) {
  const fields = fieldsOf(one, types)
  const kind = fields.find(({ name }) => name === 'event')?.type
  const title = kind === undefined ? one.type : kind.replaceAll("'", '')
  const rows = fields
    .filter(({ name }) => name !== 'event')
    .map(({ name, type, about, optional }) => [`\`${name}${optional ? '?' : ''}\``, `\`${type}\``, about])
  return `### \`${title}\`\n\n${one.about}\n\n${table(['Field', 'Type', 'Meaning'], rows)}`
}

/**
 * The fields of a type, after those of its parents.
 *
 * @param {Interface} one
 * @param {ReadonlyMap<string, Interface>} types
 * @returns {Field[]}
 */
function fieldsOf({ fields, parents }, types) {
  const inherited = parents.flatMap((parent) => {
    const known = types.get(parent)
    return known === undefined ? [] : fieldsOf(known, types)
  })
  return [...inherited, ...fields]
}

/**
 * @param {string} file
 * @returns {Interface[]}
 */
function interfaces(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
  return source.statements.filter(ts.isInterfaceDeclaration).map((node) => ({
    type: node.name.text,
    about: docstring(node),
    parents: (node.heritageClauses ?? []).flatMap(({ types }) => types.map(({ expression }) => expression.getText())),
    fields: node.members.filter(ts.isPropertySignature).map((member) => ({
      name: member.name.getText(),
      type: (member.type?.getText() ?? '').replaceAll(/\breadonly /g, '').replaceAll(/\s+/g, ' '),
      about: docstring(member),
      optional: member.questionToken !== undefined,
    })),
  }))
}

/**
 * The words of a docstring, in one line; links to types become names.
 *
 * @param {ts.Node} node
 */
function docstring(node) {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  const text = ts.getTextOfJSDocComment(comment?.comment) ?? ''
  return text.replaceAll(/\{@link (\w+)\s*\}/g, '`$1`').replaceAll(/\s+/g, ' ')
}
