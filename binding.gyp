# Builds the same addon as CMakeLists.txt without CMake. LIBTORCH is a libtorch folder:
#   LIBTORCH=/path/to/libtorch npx node-gyp rebuild        (or --libtorch=…; --nodedir=… is the folder of Node's headers)
{
  'variables': {
    'libtorch%': '<!(node -p "process.env.LIBTORCH || String()")',
  },
  'targets': [
    {
      'target_name': 'pada_native',
      'sources': ['<!@(node native/units.mjs build/units)'],
      'include_dirs': ['native', 'native/distributed/gloo_shim'],
      'defines': [
        'NAPI_VERSION=8', 'NODE_ADDON_API_DISABLE_DEPRECATED', 'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        '_GLIBCXX_USE_CXX11_ABI=1',
      ],
      # libtorch uses exceptions and RTTI, which node-gyp's defaults disable.
      'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': [
        '-std=c++20', '-O3', '-fopenmp', '-fexceptions', '-frtti', '-Wall', '-Wextra', '-Werror=switch', '-Wno-psabi',
        '-fvisibility=hidden', '-fvisibility-inlines-hidden', '-fno-math-errno',
        '-Wno-subobject-linkage',
        # The shell that make calls takes off the quotes, within which a path may have spaces.
        '-isystem \'<!(node -p "path.dirname(require.resolve(\'node-addon-api\'))")\'',
        '-isystem \'<(libtorch)/include\'', '-isystem \'<(libtorch)/include/torch/csrc/api/include\'',
      ],
      'libraries': ['-L\'<(libtorch)/lib\'', '-ltorch_cpu', '-lc10'],
      'ldflags': ['-Wl,--allow-shlib-undefined,--disable-new-dtags,-rpath,\'<(libtorch)/lib\''],
    },
  ],
}
