/** What reads files or sets things up ends with the reason of its signal, also where that comes in the middle. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { prepareBenchmark } from '../../../src/benchmark/job.js'
import { parseConfig } from '../../../src/config/index.js'
import * as files from '../../../src/data/files.js'
import { loadSplits } from '../../../src/data/index.js'
import { loadGroundTruth } from '../../../src/ground-truth/load-ground-truth.js'
import { ensureNative } from '../../../src/setup/index.js'
import { run } from '../../../src/setup/process.js'
import { nasBench201 } from '../../../src/spaces/index.js'
import { until } from '../../support/until.js'

vi.mock('../../../src/data/files.js', { spy: true })

const reason = new Error('enough')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signals-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Starts work, lets it get somewhere, and aborts it. */
function interrupted(work: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
  const controller = new AbortController()
  const result = work(controller.signal)
  controller.abort(reason)
  return result
}

describe('a signal that aborts', () => {
  it('ends the reading of images', async () => {
    const config = parseConfig({})
    const { data } = config
    await expect(interrupted((signal) => loadSplits(data, { signal }))).rejects.toBe(reason)
    await expect(loadSplits(data, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await expect(interrupted((signal) => prepareBenchmark(config, 8, { signal }))).rejects.toBe(reason)
  })

  it('ends the reading of a data set between two of its files', async () => {
    const controller = new AbortController()
    // The second file is not there, which is never found out.
    const [first, second] = [1, 2].map((number) => join(folder, `data_batch_${number}.bin`))
    writeFileSync(first, Buffer.alloc(3073))
    const { readBytes } = await vi.importActual<typeof files>('../../../src/data/files.js')
    const read = vi.mocked(files.readBytes).mockImplementation(async (file) => {
      const bytes = await readBytes(file)
      if (file === first) controller.abort(reason)
      return bytes
    })
    const work = loadSplits({ format: 'cifar10', dir: folder, checksums: false }, { signal: controller.signal })
    await expect(work).rejects.toBe(reason)
    expect(read).not.toHaveBeenCalledWith(second)
  })

  it('ends the reading of a table', async () => {
    const file = join(folder, 'table.csv')
    writeFileSync(file, 'arch,accuracy\n"0,0,0,0,0,0",10\n')
    await expect(interrupted((signal) => loadGroundTruth(file, nasBench201(), { signal }))).rejects.toBe(reason)
    expect((await loadGroundTruth(file, nasBench201())).size).toBe(1)
  })

  it('ends a program of the set-up', async () => {
    const marker = join(folder, 'marker')
    // It says who it is, and lives until it is killed, or as long as its marker.
    const script = `const { existsSync, writeFileSync } = require('node:fs')
      writeFileSync(process.argv[1], String(process.pid))
      setInterval(() => existsSync(process.argv[1]) || process.exit(), 50)`
    const controller = new AbortController()
    const work = run(process.execPath, ['-e', script, marker], { signal: controller.signal })
    await until(() => existsSync(marker) && readFileSync(marker, 'utf8') !== '')
    controller.abort(reason)
    await expect(work).rejects.toBe(reason)
    expect(() => process.kill(Number(readFileSync(marker, 'utf8')), 0)).toThrow('ESRCH')
    await expect(run(process.execPath, ['-e', ''], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('ends the set-up before it begins', async () => {
    await expect(ensureNative({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})
