import { expected } from '../../base/errors.js'
import { checkPath, type Path, type SearchSpace } from '../../spaces/index.js'
import { drawCells } from './cells.js'
import { drawLayers } from './layers.js'

/**
 * Draws the architecture of a path: its cells as graphs (Figure 8 of PA&DA), or its layers as a row of blocks (Figure 9).
 * Resolves to the text of an SVG file with a white background, about 640 pixels wide. Its `<title>` and `<desc>` say
 * the same in words. For the network of a retraining, `path` is `[]`.
 *
 * @throws UserError for a path outside the space, and for a space without {@link SearchSpace.outline}.
 */
export async function drawArchitecture(space: SearchSpace, path: Path): Promise<string> {
  checkPath(space, path)
  const outline = space.outline?.(path)
  if (outline === undefined) throw expected('a space with `outline`', 'drawing', space.name, 2)
  const title = `Architecture of ${space.name}: ${space.encode(path)}`
  return outline.kind === 'cells' ? drawCells(outline, title) : drawLayers(outline, title)
}
