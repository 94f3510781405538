import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A new folder for the current test, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pada-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes files, given by their paths below `folder`. Returns `folder`. */
export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** A folder with the files of a libtorch, whose libraries are not real. */
export function fakeLibtorch(version = '2.15.0', options: { cuda?: boolean } = {}): string {
  const [major, minor, patch] = version.split('.')
  return writeFiles(temporaryFolder(), {
    'include/ATen/ATen.h': '',
    'include/torch/headeronly/version.h': `#define TORCH_VERSION_MAJOR ${major}\n#define TORCH_VERSION_MINOR ${minor}
#define TORCH_VERSION_PATCH ${patch}\n`,
    'lib/libtorch_cpu.so': 'not a library',
    'lib/libc10.so': '',
    ...(options.cuda ? { 'lib/libtorch_cuda.so': '' } : {}),
  })
}
