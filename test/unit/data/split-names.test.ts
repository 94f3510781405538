import { describe, expect, it } from 'vitest'
import { chooseSplits, type SplitSettings } from '../../../src/data/split-names.js'

const unused = (name: string, reason = '') => `${name} is not used${reason}`
const asTest = (name: string) => `${name} is the test split, because there is no split test`
const COUNT = ', because data.validationCount holds out training images instead'

describe('chooseSplits', () => {
  it.each<[string[], SplitSettings, string, string | undefined, string[]]>([
    [['test'], {}, 'test', undefined, []],
    [['val'], {}, 'val', undefined, [asTest('val')]],
    [['validation', 'test'], {}, 'test', 'validation', []],
    [['extra', 'test'], {}, 'test', undefined, [unused('extra')]],
    [['extra', 'val'], {}, 'val', undefined, [asTest('val'), unused('extra')]],
    [['test', 'val'], { validation: 'none' }, 'test', undefined, [unused('val', ', because data.validation is none')]],
    [['val'], { validation: 'none' }, 'val', undefined, [asTest('val')]],
    [['test', 'val'], { validationCount: 5 }, 'test', undefined, [unused('val', COUNT)]],
    [['val'], { validationCount: 5 }, 'val', undefined, [asTest('val')]],
    [['dev', 'test'], { validation: 'dev' }, 'test', 'dev', []],
    [
      ['test', 'val', 'valid'],
      { validation: 'val' },
      'test',
      'val',
      [unused('valid', ', because data.validation is val')],
    ],
    [['val', 'valid'], { validation: 'val' }, 'valid', 'val', [asTest('valid')]],
    [['val', 'valid'], { test: 'val' }, 'val', 'valid', []],
    [['test', 'val'], { test: 'val' }, 'val', undefined, [unused('test')]],
    [['test', 'val'], { test: 'val', validation: 'test' }, 'val', 'test', []],
  ])('of %j with %j', (present, settings, test, validation, notes) => {
    expect(chooseSplits(present, settings, 'DIR')).toEqual({ test, ...(validation && { validation }), notes })
  })

  it.each<[string[], SplitSettings, string]>([
    [[], {}, 'Expected a split test or val beside train for the test images but received none in DIR'],
    [['extra'], {}, 'Expected a split test or val beside train for the test images but received extra in DIR'],
    [
      ['val'],
      { validation: 'val' },
      'Expected a split test or val beside train and val for the test images but received val in DIR',
    ],
    [
      ['test', 'val'],
      { validation: 'dev' },
      'Expected test, val for data.validation but received dev, which is not in DIR',
    ],
    [['val'], { test: 'test' }, 'Expected val for data.test but received test, which is not in DIR'],
    [['val', 'valid'], {}, 'Expected val or valid for data.test but received none, and DIR has both'],
    [['test', 'val', 'valid'], {}, 'Expected val or valid for data.validation but received none, and DIR has both'],
    [
      ['test', 'val'],
      { validation: 'test' },
      'Expected another split than test, the test split, for data.validation but received test',
    ],
  ])('refuses %j with %j', (present, settings, message) => {
    expect(() => chooseSplits(present, settings, 'DIR')).toThrow(message)
  })
})
