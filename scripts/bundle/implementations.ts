/**
 * A copy of the library for some hosts: `dist/bundle/NAME.cjs` holds all of it, and each module of it that users import gets two
 * small files there, `MODULE.cjs` and `MODULE.js`, which name its exports. So `require` and `import` give the same classes.
 */
export interface Implementation {
  /** The file's name. */
  readonly name: string
  /**
   * The modules that users import, such as `entry/node`. A name that ends in `/*` is all modules of a folder; a name behind an
   * exclamation mark is left out.
   */
  readonly modules: readonly string[]
  /**
   * Modules on top: they import `entry/...` modules of this implementation, and have no other module in common with it. They are
   * files of their own, since they do more when they are loaded, or are loaded by few.
   */
  readonly onTop?: readonly string[]
  /** A module on top that stands in for another package: what `require` gives is its default export (`stand-in.ts`). */
  readonly standIn?: string
  /** The modules that the stand-in has in common with the implementation, besides those that users import. */
  readonly shared?: readonly string[]
  readonly platform: 'node' | 'browser' | 'neutral'
  /** The newest syntax in the files, as esbuild names it. */
  readonly target: string
  /**
   * Whether the ES modules hold the implementation as well, for hosts that load an ES module alone. Then a program that uses
   * both module systems has two copies. Default: false
   */
  readonly wholeModules?: boolean
  /** Whether there are files for `require`. Without them, `dist/bundle/NAME.cjs` is missing as well. Default: true */
  readonly commonJs?: boolean
}

export const implementations: readonly Implementation[] = [
  {
    name: 'node',
    // Its import of cloudflare:sockets is one that bundlers for other hosts refuse.
    modules: ['entry/node', 'entry/core', 'transport/*', '!transport/cloudflare'],
    onTop: ['entry/polyfill', 'entry/globals'],
    standIn: 'entry/ws',
    shared: [
      'protocol/fifo',
      'codec/opcodes',
      'host/async-context',
      'host/attempt',
      'host/host',
      'host/microtask',
      'host/node-process',
      'host/shielded-options',
      'host/timers',
      'host/views',
      'idl/blob',
      'idl/inspection',
      'idl/webidl',
      'opening/options',
      'opening/options/reading',
      'opening/ws-options',
      'protocol/errors',
      'protocol/extensions',
      'protocol/handshake',
      'protocol/header-values',
      'session/backpressure',
      'session/channels',
      'session/ready-state',
      'session/session',
      'session/task-queue',
    ],
    platform: 'node',
    target: 'es2023',
  },
  {
    name: 'browser',
    modules: ['entry/browser'],
    onTop: ['entry/browser-polyfill'],
    platform: 'browser',
    target: 'es2020',
    wholeModules: true,
  },
  {
    name: 'react-native',
    modules: ['entry/react-native'],
    onTop: ['entry/react-native-polyfill'],
    platform: 'browser',
    // Metro gives the file to Babel, and Hermes gets what Babel leaves. Both know all of this, but no private names.
    target: 'es2017',
    wholeModules: true,
  },
  {
    name: 'workerd',
    modules: ['entry/workerd'],
    onTop: ['entry/workerd-polyfill'],
    platform: 'neutral',
    target: 'es2023',
    wholeModules: true,
    commonJs: false,
  },
  {
    name: 'web',
    modules: ['entry/web'],
    platform: 'neutral',
    target: 'es2023',
    wholeModules: true,
    commonJs: false,
  },
]

/**
 * ES modules are strict code, and the CommonJS files made of them have to say so: functions of other code have `caller` and
 * `arguments`, and an assignment that fails there throws nothing.
 */
export const STRICT = { js: "'use strict';" }
