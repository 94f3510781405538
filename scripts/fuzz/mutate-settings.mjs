/** Damages files of settings: lines, keys and values are changed, moved and taken from each other. */
import { DARTS_V2, encodeGenotype } from 'pada-native'

/** A path of each space, whose networks {@link madeSmall} makes small. */
const PATHS = {
  nasbench201: '|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|',
  'nasbench1shot1-1': 'conv3x3~0|conv3x3~01|conv1x1~12|conv3x3~03|output~04',
  darts: encodeGenotype(DARTS_V2),
  proxylessnas: 'k3e3|id|k5e6|k7e3|k3e6|k3e3|k5e3|k3e3',
  'nasbench-macro': '02012100',
}

/** What stands in the place of a value, each of which is YAML. */
const VALUES = [
  ...[
    '',
    '~',
    'true',
    '0',
    '-1',
    '0.5',
    '1e-300',
    '1e400',
    '.nan',
    '.inf',
    '-.inf',
    '9007199254740993',
    '0x10',
    '1_000',
  ],
  ...[
    '[]',
    '{}',
    '[[]]',
    '[~]',
    '{ kind: ~ }',
    '{ kind: sgd }',
    '{ name: pada }',
    '[1, 2, 3]',
    '{ a: { b: { c: 1 } } }',
  ],
  ...[
    '""',
    '" "',
    "'x'",
    '2020-01-01',
    '!!binary aGk=',
    '!!set {}',
    '!!map []',
    '!unknown x',
    '&a [*a]',
    '*missing',
    '<<',
  ],
  ...[
    '__proto__',
    'constructor',
    '../..',
    '~/x',
    '$HOME',
    '\u0000',
    '\ud83d\ude00',
    'x'.repeat(5000),
    '|2',
    '>-',
    '? x',
    '- - -',
  ],
]
/** What stands in the place of a number. */
const NUMBERS = [
  0,
  1,
  2,
  3,
  7,
  8,
  100,
  1000,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  0.1,
  0.5,
  0.999,
  1e-8,
  1e-45,
  1e38,
  1e308,
  -1,
  -0.5,
]
const KEYS = [
  'kind',
  'name',
  'algorithm',
  'space',
  'path',
  '__proto__',
  'constructor',
  '<<',
  '1',
  '""',
  '~',
  'a b',
  '? ',
]

/**
 * Changes one line of a file of settings.
 *
 * @param {string[]} lines
 * @param {readonly string[]} others Of another file.
 * @param {import('./mutate.mjs').RandomSource} random
 */
export function damageSettings(lines, others, random) {
  const at = random.below(lines.length)
  const line = lines[at] ?? ''
  switch (random.below(12)) {
    case 0:
      lines.splice(at, 1)
      break
    case 1:
      lines.splice(random.below(lines.length), 0, line)
      break
    case 2:
      lines.splice(at, 0, random.pick(others))
      break
    case 3:
      lines[at] = random.below(2) === 0 ? `  ${line}` : line.replace(/^ {1,2}/, '')
      break
    case 4:
      lines[at] = line.replace(/\w+(?=:)/, random.pick(KEYS))
      break
    case 5: {
      // One of the values in braces, such as `{ kind: flip }`, or a key there.
      const inner = [...line.matchAll(/[^\s{}[\],:]+/g)]
      if (inner.length === 0) break
      const { index, 0: word } = random.pick(inner)
      lines[at] =
        line.slice(0, index) + random.pick(random.below(4) === 0 ? KEYS : VALUES) + line.slice(index + word.length)
      break
    }
    case 6:
    case 7:
    case 8:
      lines[at] = line.replace(/(?<=[:[,] ?)-?\d[\d.e+-]*/, () => `${random.pick(NUMBERS)}`)
      break
    default:
      lines[at] = line.replace(/:.*$|- .*$/, (old) => `${old[0]} ${random.pick(VALUES)}`)
  }
}

/**
 * Settings of a small network, with a data folder and the path of a retraining where the file leaves them to the user.
 *
 * @param {string} text
 */
export function madeSmall(text) {
  const isRetraining = /^network:/m.test(text)
  return text
    .replace(/\bchannels: \d+/g, 'channels: 4')
    .replace(/\bcellsPerStage: \d+/g, 'cellsPerStage: 1')
    .replace(/\bcells: \d+/g, 'cells: 3')
    .replace(/\bwidth: [\d.]+/g, 'width: 0.25')
    .replace(/\bimageCount: \d+/g, 'imageCount: 8')
    .replace(/\blayers: \[.*\]/g, 'layers: [2, 1, 1, 2, 1, 1]')
    .replace(/^( *)format: (?!embedded)\S+$/gm, '$&\n$1dir: .')
    .replace(/^( *)space: (\S+)$/gm, (line, indent, /** @type {keyof typeof PATHS} */ space) =>
      isRetraining && !text.includes('path:') ? `${line}\n${indent}path: ${JSON.stringify(PATHS[space])}` : line,
    )
}
