import { basename, join } from 'node:path'
import { findCircles } from './circles.ts'
import {
  findFreeNames,
  type Importer,
  listSources,
  parseImports,
  parseSource,
  resolveImport,
  type Source,
} from './source.ts'
import type { Violation } from './violation.ts'

const MAX_LINES = 400

/** How much of a file another one may import. */
type Access = 'anything' | 'types'

/** The rooms (folders) of lib/ on the way from what users import to the bytes. Each may import all rooms after it. */
const WAY = ['entry', 'api', 'session', 'opening', 'idl', 'protocol', 'codec']

/**
 * Imports that are allowed besides, by room: another room, or one file of it. Most rooms use the types of a pipe. Only `entry`
 * joins a transport to a platform.
 */
const besides: Readonly<Record<string, Readonly<Record<string, Access>>>> = {
  entry: { ws: 'anything', browser: 'anything', host: 'anything', transport: 'anything', platform: 'anything' },
  api: { host: 'anything', transport: 'types' },
  browser: {
    host: 'anything',
    api: 'types',
    session: 'anything',
    opening: 'anything',
    idl: 'anything',
    protocol: 'anything',
    codec: 'types',
  },
  ws: {
    session: 'anything',
    opening: 'anything',
    idl: 'anything',
    protocol: 'anything',
    codec: 'anything',
    host: 'anything',
    transport: 'anything',
  },
  session: { host: 'anything', 'transport/pipe': 'types' },
  opening: { host: 'anything', transport: 'anything' },
  idl: { host: 'anything' },
  protocol: { 'transport/pipe': 'types', 'transport/forwarding-pipe': 'anything' },
  codec: { 'transport/pipe': 'types' },
  host: { codec: 'types', transport: 'types' },
  transport: {
    host: 'anything',
    'protocol/fifo': 'anything',
    'protocol/http1': 'anything',
    'protocol/errors': 'anything',
    'platform/builtins': 'anything',
  },
  platform: { host: 'anything', codec: 'types', 'codec/compression': 'anything' },
}

/** Rooms that depend on no host: they import nothing from outside of lib/, directly or indirectly. */
const HOSTLESS = new Set(['api', 'browser', 'session', 'opening', 'idl', 'host', 'protocol', 'codec'])

/** Rooms without I/O: no host, no promise, no timer, no clock. */
const PURE = new Set(['protocol', 'codec'])

/** The globals of the language that rooms without I/O may use: all but promises and the clock. */
const LANGUAGE: ReadonlySet<string> = new Set(
  `AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Error EvalError Float32Array
  Float64Array Infinity Int16Array Int32Array Int8Array JSON Map Math NaN Number Object Proxy RangeError ReferenceError
  Reflect RegExp Set String Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray
  WeakMap WeakRef WeakSet arguments isFinite isNaN parseFloat parseInt undefined`.split(/\s+/),
)

/** The folders with sources beside `lib`. They may import what they like, but not in circles. */
const OTHERS = ['wpt', 'scripts', 'spec-tests']

/** Folders without sources there: installed packages, and where they are installed. Projects write and remove files in them. */
const NO_SOURCES = ['node_modules', 'packages']

/**
 * Checks the sources in `lib/` of the package at `root` against the layers that CONTRIBUTING.md describes, and all sources for
 * circles of imports.
 */
export function checkLayers(root: string): { files: number; violations: Violation[] } {
  const pure = new Map<string, Source>()
  const library = new Map<string, Importer>()
  for (const path of listSources(join(root, 'lib'))) {
    const file = join(root, 'lib', path)
    if (PURE.has(layerOf(path))) pure.set(path, parseSource(file))
    library.set(path, pure.get(path) ?? parseImports(file, 'all'))
  }
  const violations = [...library].flatMap(([path, source]) => [
    ...checkFile(path, source),
    ...checkImports(path, library),
    ...(pure.has(path) ? checkPurity(path, pure.get(path)!) : []),
  ])
  const imports = new Map([...library].map(([path, source]) => [`lib/${path}`, source.imports]))
  for (const folder of OTHERS) {
    for (const path of listSources(join(root, folder), NO_SOURCES)) {
      imports.set(`${folder}/${path}`, parseImports(join(root, folder, path), 'relative').imports)
    }
  }
  return { files: imports.size, violations: [...violations, ...findCircles(imports)] }
}

function checkFile(path: string, { lines }: Importer): Violation[] {
  const violations: Violation[] = []
  if (!Object.hasOwn(besides, layerOf(path))) violations.push(at(path, 1, `is in none of the rooms`))
  if (lines > MAX_LINES) violations.push(at(path, lines, `has ${lines} lines; ${MAX_LINES} is the most`))
  if (/^(utils?|helpers?|common|misc)$/.test(basename(path, '.ts'))) {
    violations.push(at(path, 1, 'has a name that says nothing: what is in it belongs to what it serves'))
  }
  return violations
}

function checkImports(path: string, sources: ReadonlyMap<string, Importer>): Violation[] {
  const layer = layerOf(path)
  return sources.get(path)!.imports.flatMap(imported => {
    const target = resolveImport(path, imported)
    if (target === undefined) {
      if (!HOSTLESS.has(layer)) return []
      return [at(path, imported.line, `${layer} imports nothing from outside of lib, but here ${imported.from}`)]
    }
    if (!sources.has(target)) return [at(path, imported.line, `${imported.from} is no file of lib`)]
    const access = accessOf(layer, target)
    if (access === undefined) return [at(path, imported.line, `${layer} may not import ${target}`)]
    if (access === 'types' && !imported.typesOnly) {
      return [at(path, imported.line, `${layer} may import types alone (import type) of ${target}`)]
    }
    const host = HOSTLESS.has(layer) && !imported.typesOnly ? findHostImport(target, sources) : undefined
    return host === undefined
      ? []
      : [at(path, imported.line, `${layer} may not depend on a host, as ${target} does: ${host}`)]
  })
}

function accessOf(layer: string, target: string): Access | undefined {
  const room = layerOf(target)
  if (room === layer) return 'anything'
  const place = WAY.indexOf(layer)
  if (place >= 0 && WAY.indexOf(room) > place) return 'anything'
  return besides[layer]?.[target.replace(/\.ts$/, '')] ?? besides[layer]?.[room]
}

/** The first import from outside of lib/ that loading `path` leads to. */
function findHostImport(
  path: string,
  sources: ReadonlyMap<string, Importer>,
  seen: Set<string> = new Set(),
): string | undefined {
  if (seen.has(path)) return undefined
  seen.add(path)
  for (const imported of sources.get(path)?.imports ?? []) {
    if (imported.typesOnly) continue
    const target = resolveImport(path, imported)
    const found = target === undefined ? imported.from : findHostImport(target, sources, seen)
    if (found !== undefined) return found
  }
  return undefined
}

function checkPurity(path: string, source: Source): Violation[] {
  const layer = layerOf(path)
  const names = findFreeNames(source)
    .filter(({ name }) => !LANGUAGE.has(name))
    .map(({ name, line }) => at(path, line, `${layer} knows no ${name}: it does no I/O and has no host`))
  const waits = source.waits.map(({ what, line }) => at(path, line, `${layer} does not wait, but here is ${what}`))
  return [...names, ...waits]
}

function layerOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : ''
}

function at(path: string, line: number, message: string): Violation {
  return { place: `lib/${path}:${line}`, message }
}
