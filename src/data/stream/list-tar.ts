/** Lists the images in a tar. */
import { type FileHandle, open } from 'node:fs/promises'
import { basename, extname, posix } from 'node:path'
import { expected } from '../../base/errors.js'
import { interleaved } from '../interleaved.js'
import type { EncodedSplit } from './encoded-files.js'
import { findGroundTruth } from './flat-labels.js'
import { countSuffixes, IMAGE, splitOf } from './found-images.js'
import { type TarMember, tarMembers } from './tar.js'

/** Members of tars that folders would hide: a name on their path begins with a dot, and is not the dot alone. */
const HIDDEN = /(^|\/)\.[^/]/

/** A tar of images by class folder, a tar of a tar per class, or a flat tar with a file of labels beside it. */
export async function listTar(
  file: string,
  size: number,
  classes: readonly string[] | undefined,
): Promise<EncodedSplit> {
  const members: TarMember[] = []
  await using handle = await open(file)
  const outer = await membersIn(handle, file, 0, size)
  const replaced = [...outer.replaced]
  for (const member of outer.members) {
    if (member.isLink || extname(member.name) !== '.tar') {
      members.push(member)
      continue
    }
    const name = basename(member.name, '.tar')
    const inner = await membersIn(handle, file, member.offset, member.offset + member.size)
    members.push(...inner.members.map((one) => ({ ...one, name: `${name}/${basename(one.name)}` })))
    replaced.push(...inner.replaced)
  }
  const all = members.filter(({ name, isLink }) => !isLink && IMAGE.test(name) && !HIDDEN.test(name))
  const classOf = classesOf(all.map(({ name }) => name))
  // Several folders are classes. A file of labels is then of another split, such as ImageNet's validation images.
  const folders = new Set(all.map(({ name }) => classOf(name)).filter((name) => name !== ''))
  const truth = folders.size > 1 ? undefined : await findGroundTruth(file, classes)
  // As in a folder of classes, an image beside the classes is passed over.
  const images = truth === undefined ? all.filter(({ name }) => classOf(name) !== '') : all
  if (images.length === 0 && all.length > 0) {
    throw expected('a folder or a tar per class, or a file of labels beside it,', file, 'a flat tar')
  }
  const taken = new Set(images)
  const others = [...members.filter((member) => !taken.has(member)).map(({ name }) => name), ...replaced]
  const byName = images.sort((a, b) => (a.name < b.name ? -1 : 1))
  const names = truth?.classes ?? [...new Set(byName.map(({ name }) => classOf(name)))].sort()
  const labels = new Map(names.map((name, label) => [name, label]))
  const labelOf = (name: string) => (truth === undefined ? labels.get(classOf(name))! : truth.labelOf(basename(name)))
  const found = interleaved(byName.map((member) => ({ ...member, label: labelOf(member.name) })))
  return splitOf(found, names, countSuffixes(others), file, (kept) => ({
    kind: 'parts',
    file,
    offsets: Float64Array.from(kept, (index) => found[index].offset),
    lengths: Int32Array.from(kept, (index) => found[index].size),
  }))
}

/**
 * The members of a tar, and the names of those that a later member of the same path replaces, as in unpacking: `tar -r`
 * appends the new version of a file. Links replace nothing, because a file may be archived again as a link to itself.
 */
async function membersIn(handle: FileHandle, file: string, begin: number, end: number) {
  const members: TarMember[] = []
  const last = new Map<string, TarMember>()
  for await (const member of tarMembers(handle, file, begin, end)) {
    members.push(member)
    if (!member.isLink) last.set(posix.normalize(member.name), member)
  }
  const isReplaced = (member: TarMember) => !member.isLink && last.get(posix.normalize(member.name)) !== member
  return {
    members: members.filter((member) => !isReplaced(member)),
    replaced: members.filter(isReplaced).map(({ name }) => name),
  }
}

/**
 * The classes of members of a tar by name: as in a folder of classes, the outermost folder, within the folders that all of
 * them are in. Empty for a member beside these folders.
 */
function classesOf(names: readonly string[]): (name: string) => string {
  // `tar -cf x.tar .` puts `./` before each name.
  const foldersOf = (name: string) =>
    name
      .split('/')
      .slice(0, -1)
      .filter((folder) => folder !== '' && folder !== '.')
  const nested = names.map(foldersOf).filter((folders) => folders.length > 0)
  let shared = 0
  const isShared = () => nested.every((folders) => folders[shared] === nested[0][shared])
  while (nested.some((folders) => folders.length > shared + 1) && isShared()) shared++
  return (name) => foldersOf(name)[shared] ?? ''
}
