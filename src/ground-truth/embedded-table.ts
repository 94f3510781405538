import { fileURLToPath } from 'node:url'

/** The table in the package: accuracies of networks of NAS-Bench-201 that were trained alone on the embedded data. */
export const EMBEDDED_TABLE = fileURLToPath(new URL('../../assets/nasbench201-fashion-mnist.csv', import.meta.url))
