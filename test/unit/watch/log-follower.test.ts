import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LogFollower } from '../../../src/watch/log-follower.js'
import { temporaryFolder } from '../../support/folders.js'

/** A log with what was read of it: since its last beginning, and how often it began anew. */
function followed(text?: string) {
  const file = join(temporaryFolder(), 'events.jsonl')
  if (text !== undefined) writeFileSync(file, text)
  const follower = new LogFollower(file)
  const lines: string[] = []
  const state = { restarts: 0 }
  const receiver = {
    restart: () => {
      state.restarts++
      lines.length = 0
    },
    line: (line: string) => {
      lines.push(line)
    },
  }
  return { file, lines, state, poll: () => follower.poll(receiver) }
}

describe('a log that grows', () => {
  test('is read line by line, each once', async () => {
    const { file, lines, poll } = followed('one\ntwo\n')
    expect(await poll()).toBe(true)
    expect(lines).toEqual(['one', 'two'])
    expect(await poll()).toBe(false)
    appendFileSync(file, 'three\n')
    expect(await poll()).toBe(true)
    expect(lines).toEqual(['one', 'two', 'three'])
  })

  test('keeps a torn last line waiting, also in the middle of a character', async () => {
    const { file, lines, poll } = followed()
    const bytes = Buffer.from('first\nsécond\n')
    const middle = bytes.indexOf('é') + 1
    writeFileSync(file, bytes.subarray(0, middle))
    await poll()
    expect(lines).toEqual(['first'])
    appendFileSync(file, bytes.subarray(middle))
    await poll()
    expect(lines).toEqual(['first', 'sécond'])
  })

  test('may begin later than those who follow it', async () => {
    const { file, lines, state, poll } = followed()
    expect(await poll()).toBe(false)
    writeFileSync(file, 'one\n')
    await poll()
    expect(lines).toEqual(['one'])
    expect(state.restarts).toBe(0)
  })

  test('may have more lines, and longer ones, than are read at a time', async () => {
    const long = 'x'.repeat(3 << 20)
    const many = Array.from({ length: 50_000 }, (_, i) => `line ${i} ${'y'.repeat(20)}`)
    const { lines, poll } = followed([...many, long, 'last', ''].join('\n'))
    await poll()
    expect(lines).toHaveLength(many.length + 2)
    expect(lines[many.length - 1]).toBe(many[many.length - 1])
    expect(lines[many.length]).toBe(long)
    expect(lines.at(-1)).toBe('last')
  })
})

describe('a log that was cut', () => {
  test('and written on, as a run that resumes does it, is read from its beginning', async () => {
    const { file, lines, state, poll } = followed('start\nepoch 0\nepoch 1\n')
    await poll()
    truncateSync(file, 'start\nepoch 0\n'.length)
    await poll()
    expect(state.restarts).toBe(1)
    expect(lines).toEqual(['start', 'epoch 0'])
    appendFileSync(file, 'epoch 1 again\n')
    await poll()
    expect(state.restarts).toBe(1)
    expect(lines).toEqual(['start', 'epoch 0', 'epoch 1 again'])
  })

  test('and has grown beyond its earlier end between two looks, too', async () => {
    const { file, lines, state, poll } = followed('start\nepoch 0\nepoch 1\n')
    await poll()
    truncateSync(file, 'start\nepoch 0\n'.length)
    appendFileSync(file, 'epoch I\nepoch 2\nepoch 3\n')
    await poll()
    expect(state.restarts).toBe(1)
    expect(lines).toEqual(['start', 'epoch 0', 'epoch I', 'epoch 2', 'epoch 3'])
  })

  test('loses a torn line without beginning anew', async () => {
    const { file, lines, state, poll } = followed('one\ntor')
    await poll()
    truncateSync(file, 'one\n'.length)
    appendFileSync(file, 'two\n')
    await poll()
    expect(state.restarts).toBe(0)
    expect(lines).toEqual(['one', 'two'])
  })
})

describe('a log that was replaced', () => {
  test('by a longer copy of itself, as rsync does it, goes on', async () => {
    const { file, lines, state, poll } = followed('one\ntwo\n')
    await poll()
    writeFileSync(`${file}.new`, 'one\ntwo\nthree\n')
    renameSync(`${file}.new`, file)
    await poll()
    expect(state.restarts).toBe(0)
    expect(lines).toEqual(['one', 'two', 'three'])
  })

  test('by another one is read from its beginning', async () => {
    const { file, lines, state, poll } = followed('one\ntwo\n')
    await poll()
    writeFileSync(`${file}.new`, 'ONE\nTWO\nTHREE\n')
    renameSync(`${file}.new`, file)
    await poll()
    expect(state.restarts).toBe(1)
    expect(lines).toEqual(['ONE', 'TWO', 'THREE'])
  })

  test('by nothing is empty', async () => {
    const { file, lines, state, poll } = followed('one\n')
    await poll()
    rmSync(file)
    await poll()
    expect(state.restarts).toBe(1)
    expect(lines).toEqual([])
  })
})
