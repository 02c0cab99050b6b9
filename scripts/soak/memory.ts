import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const MEBIBYTE = 1024 * 1024

/** Memory of this process at one time, in MiB. The heap is that after a garbage collection. */
export interface MemorySample {
  readonly seconds: number
  readonly resident: number
  readonly heap: number
}

export function sampleMemory(startedAt: number): MemorySample {
  collect()
  const { rss, heapUsed } = process.memoryUsage()
  return { seconds: (performance.now() - startedAt) / 1000, resident: rss / MEBIBYTE, heap: heapUsed / MEBIBYTE }
}

/**
 * Growth over the second half of the run, in MiB, by the line of least squares: the first half fills caches.
 *
 * @param middle of the run, in seconds
 */
export function growth(samples: readonly MemorySample[], member: 'resident' | 'heap', middle: number): number {
  const half = samples.filter(({ seconds }) => seconds >= middle)
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const times = half.map(({ seconds }) => seconds)
  const values = half.map(sample => sample[member])
  const [center, level] = [mean(times), mean(values)]
  const above = times.reduce((sum, time, index) => sum + (time - center) * (values[index]! - level), 0)
  const below = times.reduce((sum, time) => sum + (time - center) ** 2, 0)
  return below === 0 ? 0 : (above / below) * (times.at(-1)! - times[0]!)
}

/** Draws the resident memory and the heap over time. */
export function drawChart(file: string, samples: readonly MemorySample[]): void {
  const [width, height, left, top] = [800, 300, 60, 20]
  const longest = Math.max(1, ...samples.map(({ seconds }) => seconds))
  // Four steps of some tens.
  const highest = Math.ceil(Math.max(1, ...samples.map(({ resident }) => resident)) / 40) * 40
  const x = (seconds: number): string => (left + (seconds / longest) * width).toFixed(1)
  const y = (value: number): string => (top + height - (value / highest) * height).toFixed(1)
  const line = (member: 'resident' | 'heap', color: string): string => {
    const points = samples.map(sample => `${x(sample.seconds)},${y(sample[member])}`).join(' ')
    const last = samples.at(-1)!
    const label = `${member === 'heap' ? 'heap' : 'resident'} ${last[member].toFixed(0)} MiB`
    const text = `<text x="${left + width + 8}" y="${y(last[member])}" fill="${color}" dominant-baseline="middle">${label}</text>`
    return `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="2"/>${text}`
  }
  const marks = [0, 0.25, 0.5, 0.75, 1].map(part => {
    const value = part * highest
    const rule = `<line x1="${left}" x2="${left + width}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>`
    return `${rule}<text x="${left - 8}" y="${y(value)}" text-anchor="end" dominant-baseline="middle">${value.toFixed(0)} MiB</text>`
  })
  const times = [0, 0.5, 1].map(part => {
    const seconds = part * longest
    return `<text x="${x(seconds)}" y="${top + height + 20}" text-anchor="middle">${seconds.toFixed(0)} s</text>`
  })
  const size = `width="${left + width + 150}" height="${top + height + 40}"`
  writeFileSync(
    file,
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${[...marks, ...times].join('\n')}
${line('resident', '#0b62a8')}
${line('heap', '#b3541e')}
</svg>
`,
  )
}
