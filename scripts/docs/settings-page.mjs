/** Writes docs/settings.md from the JSON Schemas of the settings: a section per group, a table of its keys. */
import { table, wordsFor, yaml } from './settings-words.mjs'

/** @typedef {import('./settings-words.mjs').Schema} Schema */
/** @typedef {{ key: string, schema: Schema, required: boolean }} Setting */

const INTRO = `# Settings

<!-- Written by \`npm run docs:settings\` from src/config and src/experiment; edit the descriptions there. -->

A search takes its settings from a *configuration*, a YAML file. Almost every setting has a default, so the file holds only
what differs:

\`\`\`yaml
# yaml-language-server: $schema=node_modules/pada-native/configs/schema.json
space: { name: nasbench201, channels: 8 }
training:
  epochs: 8
  schedule: { kind: cosine }
\`\`\`

- \`--config FILE\` names the file. \`--config NAME\` finds a configuration of the package from any folder:
  \`pada-native config --list\` prints their names, and \`config --copy NAME\` copies one, to change it.
- \`--set key.of.setting=value …\` changes settings; values are YAML: \`--set training.epochs=8 "method={name: spos}"\`.
  Paths in them start from the working directory; paths in a file start from the file.
  \`training.augmentation[0]\`, or \`.0\`, is the first entry of a list, and null removes a setting.
- \`pada-native config FILE --set …\` prints all settings with their defaults, and names every mistake.
- Editors with a YAML language server complete and check a file whose first line is the comment above.
- Some groups have several variants, which \`kind\`, \`name\` or \`algorithm\` chooses. If you write any setting of such a
  group, write this key too.
- [Search spaces](spaces.md), [methods](methods.md) and [ground truth](ground-truth.md) explain the words.
- Most defaults follow PA&DA's paper on NAS-Bench-201 and CIFAR-10. The files in [\`configs/\`](../configs) have others, also
  \`nasbench201-fashion\`, which a search without \`--config\` takes: \`pada-native config\` prints its settings.
`

const RETRAINING = `
## Retraining

A [retraining](retraining.md) has the groups \`data\`, \`training\`, \`distributed\` and \`logging\` of a search,
\`device\`, \`precision\` and \`threads\`, and the settings below. In editors its schema is \`configs/retrain-schema.json\`.
`

const EXPERIMENT = `
## Experiments

An experiment compares searches; see [the page on experiments](experiments.md). Its file has settings of its own. In
editors its schema is \`configs/experiments/schema.json\`.
`

const VALUE = `
### A value of an axis

\`spaces\`, \`extents\`, \`methods\`, \`noise\` and \`epochs\` list values. A value is a shorthand, such as \`spos\` or \`0.001\`, or a
group with the keys below and any settings of a search. These settings override the experiment's: \`null\` removes a
setting, and a group with another \`name\` starts empty.
`

/**
 * The files that follow from the schemas, by their place in the package.
 *
 * @param {object} search
 * @param {object} experiment
 * @param {object} retraining
 * @returns {Record<string, string>}
 */
export function generatedFiles(search, experiment, retraining) {
  return {
    'docs/settings.md': settingsPage(search, experiment, retraining),
    'configs/schema.json': `${JSON.stringify(search, null, 2)}\n`,
    'configs/retrain-schema.json': `${JSON.stringify(retraining, null, 2)}\n`,
    'configs/experiments/schema.json': `${JSON.stringify(experiment, null, 2)}\n`,
  }
}

/**
 * @param {Schema} search
 * @param {Schema} experiment
 * @param {Schema} retraining
 * @returns {string}
 */
function settingsPage(search, experiment, retraining) {
  const top = settingsOf(search, '')
  const groups = top.filter(({ schema }) => isGroup(schema))
  const contents = groups.map(({ key, schema }) => [`[\`${key}\`](#${key.toLowerCase()})`, schema.description ?? ''])
  const parts = [
    INTRO,
    table(['Group', 'Meaning'], [['[no group](#the-search-as-a-whole)', 'The search as a whole.'], ...contents]),
    '\n## The search as a whole\n',
    ...tables(
      top.filter(({ schema }) => !isGroup(schema)),
      3,
    ),
    ...groups.flatMap(({ key, schema }) => [
      `\n## \`${key}\`\n`,
      `${schema.description}\n`,
      ...section(key, schema, 3),
    ]),
    RETRAINING,
    ...retrainingTables(search, retraining),
    EXPERIMENT,
    ...tables(flatten(settingsOf(experiment, '')), 3),
    VALUE,
    rows(settingsOf(experiment.$defs?.value ?? {}, '').filter(({ schema }) => schema.$ref === undefined)),
  ]
  return parts.join('\n').replaceAll(/\n{3,}/g, '\n\n')
}

/**
 * The tables of the settings that a retraining does not share with a search.
 *
 * @param {Schema} search
 * @param {Schema} retraining
 * @returns {string[]}
 */
function retrainingTables(search, retraining) {
  const shared = settingsOf(search, '')
  const own = settingsOf(retraining, '').filter((setting) => !shared.some((other) => same(other, setting)))
  return [
    ...tables(
      own.filter(({ schema }) => !isGroup(schema)),
      3,
    ),
    ...own
      .filter(({ schema }) => isGroup(schema))
      .flatMap(({ key, schema }) => [`\n### \`${key}\`\n`, `${schema.description}\n`, ...section(key, schema, 4)]),
  ]
}

/**
 * The tables of a group: its keys, then the variants of whatever has variants.
 *
 * @param {string} key
 * @param {Schema} schema
 * @param {number} level Of headings.
 * @returns {string[]}
 */
function section(key, schema, level) {
  if (schema.oneOf !== undefined) return variants([key], schema, level)
  return tables(flatten(settingsOf(schema, key)), level)
}

/**
 * @param {readonly Setting[]} settings
 * @param {number} level
 * @returns {string[]}
 */
function tables(settings, level) {
  return [rows(settings), ...variantsOf(settings, level)]
}

/**
 * The variants of those settings that have some, once for settings whose variants are the same.
 *
 * @param {readonly Setting[]} settings
 * @param {number} level
 * @returns {string[]}
 */
function variantsOf(settings, level) {
  /** @type {Map<string, { keys: string[], union: Schema }>} */
  const unions = new Map()
  for (const { key, schema } of settings) {
    const union = schema.oneOf === undefined ? schema.items : schema
    if (union?.oneOf === undefined) continue
    const text = JSON.stringify(union.oneOf)
    const known = unions.get(text) ?? { keys: [], union }
    known.keys.push(key)
    unions.set(text, known)
  }
  return [...unions.values()].flatMap(({ keys, union }) => {
    const names = keys.map((key) => `\`${key}\``).join(' and ')
    return [`\n${'#'.repeat(level)} ${names}\n`, ...variants(keys, union, level + 1)]
  })
}

/**
 * @param {readonly string[]} keys Settings that have these variants.
 * @param {Schema} union
 * @param {number} level
 * @returns {string[]}
 */
function variants(keys, union, level) {
  const options = union.oneOf ?? []
  const tag = tagOf(options)
  const [key] = keys
  const chosen = Object(union.default)[tag]
  const names = options.map(({ properties = {} }) => properties[tag].enum ?? [properties[tag].const])
  const list = options.map(({ description = '' }, i) => {
    const values = names[i].map((name) => `\`${name}\`${name === chosen ? ' (default)' : ''}`)
    return [values.join(', '), description]
  })
  const own = options.map((option) => settingsOf(option, key).filter((setting) => setting.key !== `${key}.${tag}`))
  const shared = own[0].filter((setting) => own.every((settings) => settings.some((other) => same(other, setting))))
  const head = `\`${key}.${tag}\`${chosen === undefined ? ' (required)' : ''}`
  const lines = [table([head, 'Meaning'], list)]
  for (const [i, settings] of own.entries()) {
    const left = flatten(settings.filter((setting) => !shared.some((other) => same(other, setting))))
    if (left.length === 0) continue
    const title = names[i].map((name) => `\`${name}\``).join(', ')
    lines.push(`\n${'#'.repeat(level)} \`${key}.${tag}\`: ${title}\n`, ...tables(left, level + 1))
  }
  if (shared.length === 0) return lines
  return [...lines, `\n${'#'.repeat(level)} Every \`${key}.${tag}\`\n`, ...tables(flatten(shared), level + 1)]
}

/**
 * The key that tells variants apart: required in all of them, with values of its own in each.
 *
 * @param {readonly Schema[]} options
 * @returns {string}
 */
function tagOf(options) {
  const [first] = options
  const keys = first.required ?? []
  const tag = keys.find((key) => options.every(({ properties }) => properties?.[key]?.const ?? properties?.[key]?.enum))
  if (tag === undefined) throw new Error(`Expected a tag of the variants but received ${keys.join(', ') || 'none'}`)
  return tag
}

/**
 * The settings of a group; those of its groups are not among them.
 *
 * @param {Schema} schema
 * @param {string} prefix
 * @returns {Setting[]}
 */
function settingsOf({ properties = {}, required = [] }, prefix) {
  return Object.entries(properties).map(([name, schema]) => ({
    key: prefix === '' ? name : `${prefix}.${name}`,
    schema,
    required: required.includes(name),
  }))
}

/**
 * Settings with those of their groups after them.
 *
 * @param {readonly Setting[]} settings
 * @returns {Setting[]}
 */
function flatten(settings) {
  return settings.flatMap((setting) => {
    const { key, schema } = setting
    const byName = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
    const inner = byName === undefined ? settingsOf(schema, key) : settingsOf(byName, `${key}.NAME`)
    return [setting, ...flatten(inner)]
  })
}

/** @param {Schema} schema */
function isGroup(schema) {
  return schema.properties !== undefined || schema.oneOf !== undefined
}

/**
 * @param {Setting} one
 * @param {Setting} other
 */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other)
}

/**
 * @param {readonly Setting[]} settings
 * @returns {string}
 */
function rows(settings) {
  const cells = settings.map(({ key, schema, required }) => {
    // A default that is no value of its own is the last sentence of the description.
    const [, meaning = '', words = ''] = /^(.*?)(?: ?Default: (.+)\.)?$/.exec(schema.description ?? '') ?? []
    const isValue = schema.default !== undefined && JSON.stringify(schema.default) !== '{}'
    const usual = isValue ? `\`${yaml(schema.default)}\`` : words
    return [`\`${key}\``, wordsFor(schema), required ? 'required' : usual, meaning]
  })
  return table(['Key', 'Value', 'Default', 'Meaning'], cells)
}
