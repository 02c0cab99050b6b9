// node build.mjs OUTPUT: bundles index.js as React Native does.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import process from 'node:process'
import Metro from 'metro'

const { resolve } = createRequire(import.meta.url)
// Metro takes modules below this folder alone.
const folder = dirname(import.meta.dirname)
const config = await Metro.loadConfig(
  { cwd: folder, resetCache: true },
  {
    ...{ projectRoot: folder, watchFolders: [folder], cacheStores: [], maxWorkers: 1 },
    reporter: { update() {} },
    resolver: { unstable_enablePackageExports: true, unstable_conditionsByPlatform: { ios: ['react-native'] } },
    transformer: { babelTransformerPath: resolve('@react-native/metro-babel-transformer') },
  },
)
const out = process.argv[2]
await Metro.runBuild(config, { entry: 'metro/index.js', out, platform: 'ios', dev: false, minify: false })
