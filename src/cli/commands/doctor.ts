import pc from 'picocolors'
import type { CommandModule } from 'yargs'
import { type Diagnosis, diagnose } from '../../native/diagnosis.js'
import type { CudaKernels } from '../../native/index.js'

export const doctorCommand: CommandModule<object, { json: boolean }> = {
  builder: (yargs) =>
    yargs.options({ json: { type: 'boolean', default: false, describe: 'Print one JSON object on stdout' } }),
  async handler({ json }) {
    const diagnosis = await diagnose()
    process.stdout.write(`${json ? JSON.stringify(diagnosis) : describe(diagnosis)}\n`)
    if (diagnosis.missing.length > 0) process.exitCode = 1
  },
}

/** What the addon tells; before it is built, a libtorch may lie in the cache, and `setup` takes it. */
const AFTER_SETUP = new Set(['libtorch', '  origin', '  threads', '  capability', '  kernels', 'JPEGs'])

/** Renders a diagnosis: lines with a name and a value, then the missing requirements. */
export function describe(diagnosis: Diagnosis): string {
  const { versions, libtorch, addon } = diagnosis
  const rows: [string, string | undefined][] = [
    ['pada-native', versions.padaNative],
    ['Node', `${versions.node} (${versions.platform})`],
    ['CMake', versions.cmake],
    ['compiler', versions.compiler],
    ['Python', versions.python && `${versions.python}${versions.pip === undefined ? ', no pip' : `, ${versions.pip}`}`],
    ['libtorch', libtorch && `${libtorch.version}, ${libtorch.cuda ? 'with CUDA' : 'CPU only'}`],
    ['  origin', libtorch && `${libtorch.origin}: ${libtorch.root}`],
    ['addon', addon && `${addon.path}${addon.loads ? '' : ' (does not load)'}`],
    ['processor', `${diagnosis.cpu}, ${diagnosis.cores} cores, ${(diagnosis.memory / 2 ** 30).toFixed(1)} GiB`],
    ['  threads', diagnosis.threads?.toString()],
    ['  capability', diagnosis.cpuCapability],
    ['  kernels', kernels(diagnosis)],
    ['JPEGs', diagnosis.addon?.loads ? jpegs(diagnosis) : undefined],
    ['GPUs', diagnosis.gpus.join('; ') || 'none'],
    ['  usable', usableGpus(diagnosis)],
    ...diagnosis.cudaKernels.map((kernels): [string, string] => ['  kernels', gpuKernels(kernels)]),
  ]
  const absent = (name: string) =>
    addon === undefined && AFTER_SETUP.has(name)
      ? pc.dim('known after `npx pada-native setup`')
      : pc.yellow('not found')
  const lines = rows.map(([name, value]) => `${name.padEnd(14)}${value ?? absent(name)}`)
  const { missing } = diagnosis
  return [
    ...lines,
    '',
    ...(missing.length === 0 ? [pc.green('Nothing is missing.')] : missing.map((m) => pc.red(m))),
  ].join('\n')
}

function kernels({ convolutionKernels, kernelsCompiled }: Diagnosis): string | undefined {
  if (kernelsCompiled === false)
    return 'none: only GCC on x86-64 compiles them; to have them, remove the folder build and set up with CXX=g++'
  return convolutionKernels === 'none' ? 'none: this processor has no AVX2' : convolutionKernels
}

function jpegs({ jpegLibrary }: Diagnosis): string {
  return jpegLibrary === undefined
    ? 'libvips; `npx pada-native setup` fetches libjpeg-turbo, which is faster'
    : `libjpeg-turbo: ${jpegLibrary}`
}

/** What the addon's own kernels compute on a GPU, and why ATen computes the rest. */
function gpuKernels(kernels: readonly CudaKernels[]): string {
  return kernels.map(({ group, why }) => (why === undefined ? group : `no ${group}: ${why}`)).join('; ')
}

function usableGpus({ gpus, cudaDevices, libtorch }: Diagnosis): string {
  if (cudaDevices.length > 0) return cudaDevices.join('; ')
  const advice = gpus.length > 0 && libtorch?.cuda === false
  return advice ? 'none: libtorch has no CUDA, `npx pada-native setup --cuda` gets one that has' : 'none'
}
