import { resolve } from 'node:path'

/** Every environment variable the project reads, in one place. Read anew at each call, so that tests can set them. */
export interface Environment {
  /** A libtorch or `site-packages/torch` folder to use; nothing else is tried. */
  readonly libtorch?: string
  /** The Python whose torch is looked for, and whose pip downloads. */
  readonly python?: string
  /** Whether the network is forbidden. */
  readonly offline: boolean
  /** Whether native errors keep their stack and builds print everything. */
  readonly debug: boolean
  /** The C++ compiler that builds use. */
  readonly compiler: string
  /** What builds give the compiler and the linker besides. */
  readonly compilerFlags: string
  /** Folder for downloads and built addons. */
  readonly cache?: string
}

export function environment(env: NodeJS.ProcessEnv = process.env): Environment {
  return {
    libtorch: folder(env.LIBTORCH),
    python: text(env.PADA_PYTHON),
    offline: flag(env.PADA_OFFLINE),
    debug: flag(env.PADA_DEBUG),
    compiler: text(env.CXX) ?? 'c++',
    compilerFlags: [env.CXXFLAGS, env.LDFLAGS]
      .map((flags) => flags ?? '')
      .join(' ')
      .trim(),
    cache: folder(env.PADA_CACHE),
  }
}

function text(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim()
}

function folder(value: string | undefined): string | undefined {
  const path = text(value)
  return path === undefined ? undefined : resolve(path)
}

/** Anything but empty, `0`, `false` and `no` means yes. */
function flag(value: string | undefined): boolean {
  return !['', '0', 'false', 'no'].includes((value ?? '').trim().toLowerCase())
}
