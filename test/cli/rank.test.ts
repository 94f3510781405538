import { copyFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { copyEmbedded, pada, resultOf, temporaryFolder, tiny } from '../support/harness.js'

/** A row of `ranking.csv`. Fields with commas are quoted. */
function rowsOf(run: string) {
  const [head, ...lines] = readFileSync(join(run, 'ranking.csv'), 'utf8').trimEnd().split('\n')
  const columns = head.split(',')
  return lines.map((line) => {
    const fields = line.match(/"[^"]*"|[^,]+|(?<=,)(?=,|$)/g) ?? []
    const of = (column: string) => Number(fields[columns.indexOf(column)])
    return { path: fields[1], accuracy: of('accuracy'), loss: of('loss'), parameters: of('parameters') }
  })
}

test('a ranking is sorted by accuracy, by loss, and by accuracy and parameters, without another evaluation', async () => {
  const run = join(temporaryFolder(), 'run')
  const rank = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await pada(args)
    expect(code, stderr).toBe(0)
    const { top, rankedBy } = JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8'))
    return { stdout, rows: rowsOf(run), top, rankedBy }
  }
  const settings = tiny('ranking.subModels=40', 'ranking.top=3')
  const byAccuracy = await rank(['search', ...settings, '--out', run])
  const evaluated = readFileSync(join(run, 'evaluated.jsonl'), 'utf8')
  expect(byAccuracy.rankedBy).toBe('accuracy')
  expect(byAccuracy.stdout).not.toContain('Ranked by')

  const byLoss = await rank(['rank', run, '--set', 'ranking.by=loss'])
  expect(byLoss.stdout).toMatch(/Ranked by +loss\n/)
  const losses = byLoss.rows.map(({ loss }) => loss)
  expect(losses).toEqual(losses.toSorted((a, b) => a - b))

  const byBoth = await rank(['rank', run, '--set', 'ranking.by=accuracyAndParameters'])
  expect(byBoth.stdout).toMatch(/Ranked by +accuracy and parameters: sum of ranks\n/)
  // The rank of a value: those that are smaller, and half of those that are equal.
  const { rows } = byBoth
  const rankIn = (key: 'accuracy' | 'parameters', value: number) =>
    rows.reduce((sum, row) => sum + (row[key] < value ? 1 : row[key] === value ? 0.5 : 0), 0)
  const sums = rows.map((row) => rankIn('accuracy', row.accuracy) + rankIn('parameters', row.parameters))
  expect(sums).toEqual(sums.toSorted((a, b) => b - a))
  expect(byBoth.top.map(({ path }: { path: number[] }) => `"${path}"`)).toEqual(
    rows.slice(0, 3).map(({ path }) => path),
  )
  expect(rows.map(({ path }) => path)).not.toEqual(byAccuracy.rows.map(({ path }) => path))

  expect(readFileSync(join(run, 'evaluated.jsonl'), 'utf8')).toBe(evaluated)
  const retrain = ['retrain', '--from', run, '--out', join(run, '../alone'), '--set', 'training.epochs=1']
  const retrained = await pada([...retrain, 'data.trainCount=64', 'data.testCount=32', 'training.batchSize=32'])
  expect(retrained.code, retrained.stderr).toBe(0)
  expect(retrained.stderr + retrained.stdout).toContain(`architecture ranked 1 in ${run}, by accuracy and parameters`)

  const again = await rank(['rank', run, '--set', 'ranking.by=accuracy'])
  expect(again.rows).toEqual(byAccuracy.rows)
})

/** Changes the first pixel of each image of 28 × 28 in a compressed IDX file. */
function changeImages(file: string): void {
  const bytes = gunzipSync(readFileSync(file))
  for (let at = 16; at < bytes.length; at += 28 * 28) bytes[at] ^= 255
  writeFileSync(file, gzipSync(bytes))
}

test('images that have moved are named, and others in their place refused', async () => {
  const folder = temporaryFolder()
  const [run, before, after, others] = ['run', 'before', 'after', 'others'].map((name) => join(folder, name))
  copyEmbedded(before)
  const few = ['training.epochs=1', 'ranking.subModels=2', 'data.trainCount=256', 'data.testCount=128']
  const settings = tiny(...few, 'data.format=idx', `data.dir=${before}`)
  const first = await pada(['search', ...settings, '--out', run, '--json'])
  expect(first.code, first.stderr).toBe(0)
  copyEmbedded(others)
  const file = join(others, readdirSync(others).find((name) => name.startsWith('train-images'))!)
  changeImages(file)
  renameSync(before, after)

  const lost = await pada(['rank', run])
  expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining(before) })
  const refused = await pada(['rank', run, '--set', `data.dir=${others}`])
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toMatch(/^pada-native: Expected .*training images/m)
  const refusedToo = await pada(['find', run, '--set', `data.dir=${others}`, 'finding.generations=1'])
  expect(refusedToo.stderr).toMatch(/^pada-native: Expected .*training images/m)
  const moved = await pada(['rank', run, '--set', `data.dir=${after}`, '--json'])
  expect(moved.code, moved.stderr).toBe(0)
  expect(resultOf(moved).top).toEqual(resultOf(first).top)
  const again = await pada(['rank', run, '--json'])
  expect(again.code, again.stderr).toBe(0)

  // Other test images are no others to train on: what was evaluated on those before is removed, and said.
  const [trainImages, testImages] = ['train-images', 't10k-images'].map(
    (start) => readdirSync(others).find((name) => name.startsWith(start))!,
  )
  copyFileSync(join(after, trainImages), join(others, trainImages))
  changeImages(join(others, testImages))
  const anew = await pada(['rank', run, '--set', `data.dir=${others}`])
  expect(anew.code, anew.stderr).toBe(0)
  expect(anew.stdout).toContain('discarded 2 records of evaluated.jsonl, made from other images')
})

test('an unknown criterion is refused', async () => {
  const { code, stderr } = await pada(['search', ...tiny('ranking.by=size')])
  expect(code).toBe(2)
  expect(stderr).toMatch(
    /Expected accuracy, loss, accuracyAndParameters, accuracyAndMultiplyAdds for ranking\.by but received "size"/,
  )
})
