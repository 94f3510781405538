/** What numbers were measured on. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { nativeInfo } from 'pada-native'

/** Load, averaged over the last minute, above which others are at work. */
const BUSY = 0.5

/** @typedef {ReturnType<typeof describeMachine>} Machine */

export function describeMachine() {
  const { torch, cpuCapability, convolutionKernels, cudaDevices } = nativeInfo()
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: cpus()[0].model.trim(),
    cores: availableParallelism(),
    instructions: cpuCapability,
    convolutionKernels,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    torch,
    gpus: cudaDevices,
    loadBefore: loadavg()[0],
  }
}

/**
 * Another process on a core delays every parallel loop that waits for its share, PyTorch's more than the addon's.
 *
 * @param {Machine} machine
 * @param {(line: string) => void} say
 */
export function warnIfBusy({ loadBefore }, say) {
  if (loadBefore > BUSY) say(`The machine is busy (load ${loadBefore.toFixed(1)}): the numbers may mislead`)
}

/**
 * `machine` in a sentence for tables and plots.
 *
 * @param {Machine} machine
 * @param {import('pada-native').Device} device
 * @param {number} threads
 */
export function machineText({ processor, instructions, cores, torch, gpus }, device, threads) {
  const cpu = `${processor} (${instructions}), ${plural(threads, 'thread')} of ${plural(cores, 'core')}`
  return `${device === 'cuda' ? `${gpus[0]}, ${cpu}` : cpu}, libtorch ${torch}`
}

/**
 * How many rounds were measured, and what else ran, in a sentence.
 *
 * @param {Machine} machine
 * @param {number} rounds
 */
export function roundsText({ loadBefore }, rounds) {
  const others = loadBefore > BUSY ? ', so others may have been at work, which slows PyTorch more' : ''
  return `${plural(rounds, 'round')}; the load before them was ${loadBefore.toFixed(1)}${others}.`
}

/**
 * @param {number} count
 * @param {string} noun
 */
export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
