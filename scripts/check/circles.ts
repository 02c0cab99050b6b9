import { type Import, resolveImport } from './source.ts'
import type { Violation } from './violation.ts'

/** What each file imports, by the file's path. */
type Imports = ReadonlyMap<string, readonly Import[]>

/**
 * Finds circles of imports: files that import each other, directly or by way of others. Imports of types count, because whoever
 * reads one file of a circle has to read all. Reports the shortest circle through each file, and each circle once.
 */
export function findCircles(imports: Imports): Violation[] {
  const circles = new Map<string, string[]>()
  for (const path of imports.keys()) {
    const circle = shortestCircle(path, imports)
    if (circle === undefined) continue
    // The same circle is found from each of its files.
    const key = circle.slice(1).sort().join()
    if (!circles.has(key)) circles.set(key, circle)
  }
  return [...circles.values()].map(circle => {
    const [first, second] = circle as [string, string]
    const { line } = imports.get(first)!.find(one => resolveImport(first, one) === second)!
    return { place: `${first}:${line}`, message: `is in a circle of imports: ${circle.join(' -> ')}` }
  })
}

/** The paths from `start` back to `start`, which stands at both ends. */
function shortestCircle(start: string, imports: Imports): string[] | undefined {
  const ways = [[start]]
  const reached = new Set<string>()
  for (const way of ways) {
    const last = way.at(-1)!
    for (const imported of imports.get(last) ?? []) {
      const target = resolveImport(last, imported)
      if (target === start) return [...way, start]
      if (target === undefined || reached.has(target)) continue
      reached.add(target)
      ways.push([...way, target])
    }
  }
  return undefined
}
