/** A path in settings. */
import { z } from 'zod'

export const path = z.union([z.array(z.int().min(0)).min(1), z.string().min(1)])

/** Notation of a path, after what the path is for. */
export const PATH_NOTATION =
  "a list of numbers of options, or text in the space's notation. Quote a text of digits only."
