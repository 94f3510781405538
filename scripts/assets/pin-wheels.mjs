#!/usr/bin/env node
/**
 * Writes src/setup/wheels.ts (or FILE): the torch wheel that setup downloads, every NVIDIA wheel that its metadata
 * requires (pip resolves them), the Pillow wheel whose libjpeg-turbo decodes JPEGs, and their hashes. Run it when moving
 * to another torch:
 *
 *     node scripts/assets/pin-wheels.mjs 2.15.0 13.0.0 [FILE]
 *
 * Needs `npm run build`.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { writeAtomically } from '#dist/base/atomic.js'

const PYTHON = '3.11'
const ours = fileURLToPath(new URL('../../src/setup/wheels.ts', import.meta.url))
const [torch, pillow, file = ours] = process.argv.slice(2)
for (const [name, version] of Object.entries({ torch, pillow })) {
  if (/^\d+\.\d+\.\d+$/.test(version ?? '')) continue
  process.stderr.write(`Expected a version of ${name} such as 2.15.0 but received ${version ?? 'none'}\n`)
  process.exit(2)
}

/**
 * What pip's report says about a package, as far as it is read here.
 *
 * @typedef {{
 *   metadata: { name: string, version: string }
 *   download_info: { archive_info: { hash: string } }
 * }} Package
 */

/** The wheels with these names. @param {string} machine @param {string} requirement @param {RegExp} names */
function resolve(machine, requirement, names) {
  const tags = Array.from({ length: 12 }, (_, i) => `manylinux_2_${17 + i}_${machine}`)
  const platforms = [...tags, `manylinux2014_${machine}`].flatMap((tag) => ['--platform', tag])
  const target = ['--target', 'unused', '--python-version', PYTHON, '--only-binary=:all:', ...platforms]
  const resolution = ['install', '--dry-run', '--quiet', '--ignore-installed', '--report', '-']
  const report = execFileSync('python3', ['-m', 'pip', ...resolution, ...target, requirement], {
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  })
  /** @type {{ install: Package[] }} */
  const { install } = JSON.parse(report)
  return install
    .filter(({ metadata }) => names.test(metadata.name))
    .map(({ metadata, download_info }) => ({
      name: metadata.name,
      version: metadata.version,
      sha256: download_info.archive_info.hash.replace('sha256=', ''),
    }))
}

const entries = { x64: 'x86_64', arm64: 'aarch64' }
const text = Object.entries(entries).map(([arch, machine]) => {
  const wheels = resolve(machine, `torch==${torch}`, /^(torch$|nvidia-)/)
  const lines = wheels.map((w) => `    ['${w.name}', '${w.version}', '${w.sha256}'],`)
  return `  ${arch}: [\n${lines.join('\n')}\n  ],`
})
const pillows = Object.entries(entries).map(([arch, machine]) => {
  const [{ sha256 }] = resolve(machine, `pillow==${pillow}`, /^pillow$/)
  return `  ${arch}: '${sha256}',`
})
await writeAtomically(
  file,
  `// Written by scripts/assets/pin-wheels.mjs; do not edit.

export const TORCH_VERSION = '${torch}'

/** The wheels were resolved for this Python; libtorch in them does not depend on it. */
export const WHEEL_PYTHON = '${PYTHON}'

/** Linux wheels by Node's name of the architecture: name, version, sha256. */
export const WHEELS: Readonly<Record<string, readonly (readonly [name: string, version: string, sha256: string])[]>> = {
${text.join('\n')}
}

export const PILLOW_VERSION = '${pillow}'

/** SHA-256 of Pillow's Linux wheels by Node's name of the architecture. */
export const PILLOWS: Readonly<Record<string, string>> = {
${pillows.join('\n')}
}
`,
)
