import { isDevice } from '../../base/atomic.js'
import { exists } from '../../base/files.js'

/**
 * The name of a file that a command writes, with a remark if the file takes the place of an earlier one. To be called
 * before the file is written.
 */
export async function nameWithRemark(file: string): Promise<string> {
  return (await exists(file)) && !(await isDevice(file)) ? `${file} (replaced)` : file
}
