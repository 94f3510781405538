// Preloaded by sanitizers.mjs into every process and worker thread: loads the sanitized addon in the place of the usual one.
const { dlopen, env } = process

process.dlopen = (module, filename, ...flags) =>
  dlopen.call(
    process,
    module,
    /pada_native\.node$/.test(filename) ? (env.PADA_SANITIZED_ADDON ?? filename) : filename,
    ...flags,
  )
