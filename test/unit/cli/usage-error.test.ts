import { expect, it, test } from 'vitest'
import { unknownCommand, usageError } from '../../../src/cli/usage-error.js'

const commands = ['search', 'rank', 'watch']
const options = ['config', 'set', 'out', 'port', 'help']

it.each([
  [
    'Unknown argument: nope',
    'search --nope',
    'Expected only the arguments of search but received --nope; npx pada-native search --help lists them',
  ],
  [
    'Unknown arguments: confg, 3',
    'search --confg=x 3',
    'Expected only the arguments of search but received --confg=x, 3; did you mean --config?',
  ],
  [
    'Unknown argument: nope',
    '--nope',
    'Expected a command and its options but received --nope; npx pada-native --help lists them',
  ],
  [
    'Unknown arguments: ./--set, a=1',
    'rank run ./--set a=1',
    'Expected only the arguments of rank but received ./--set, a=1; options go before --',
  ],
  ['Not enough arguments following: out', 'search --out', 'Expected a value for --out but received none'],
  ['Missing required arguments: input, out', 'search', 'Expected --input and --out for search but received none'],
  ['Missing required argument: out', '--json search', 'Expected --out for search but received none'],
  [
    'Arguments resume and out are mutually exclusive',
    'search --resume a --out b',
    'Expected --resume or --out but received both',
  ],
  [
    'Invalid values:\n  Argument: mode, Given: "foo", Choices: "train", "eval"',
    'search --mode foo',
    'Expected train, eval for --mode but received foo',
  ],
  [
    'Expected a whole number of at least 0 for --port but received NaN',
    'watch --port abc',
    'Expected a whole number of at least 0 for --port but received abc',
  ],
  [
    'Expected a whole number of at least 0 for --port but received NaN',
    'watch --port=a=b',
    'Expected a whole number of at least 0 for --port but received a=b',
  ],
  ['Something new', 'search', 'Something new'],
])('%s: %s', (complaint, line, sentence) => {
  const error = usageError(complaint, { words: line.split(' '), commands, options })
  expect(error.message).toBe(sentence)
  expect(error.exitCode).toBe(2)
})

test('a first word that is no command', () => {
  const of = (...words: string[]) => unknownCommand({ words, commands })?.message
  expect(of('serach')).toBe('Expected a command but received serach; did you mean search?')
  expect(of('help', 'search')).toBe('Expected a command but received help; npx pada-native --help lists them')
  for (const words of [['search'], ['--help'], [], ['-h']]) expect(of(...words)).toBeUndefined()
})
