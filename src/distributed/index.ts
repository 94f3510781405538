/** Several processes that work on one run, on one machine or on several. */

export { type ProcessPlace, placeOf } from './place.js'
export { type Processes, type ResourceConfig, useResources } from './resources.js'
export { type SharedResult, shareWork } from './shared-work.js'
export { checkProcessCount, joinProcesses, type StartOptions } from './start.js'
export { asUserError, tellingFailure, World, type WorldOptions } from './world.js'
