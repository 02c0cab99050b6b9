import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../support/root.ts'
import { walk } from './frame-walk.ts'
import type { ServerStream } from './server-stream.ts'

/** A stream that is kept, and what a reader makes of it. */
export interface CorpusEntry extends ServerStream {
  readonly lines: readonly string[]
}

/** It is in the source folder, since it is not compiled to build/. */
export const corpusFile: string = join(root, 'spec-tests/fuzz/corpus.jsonl')

interface Kept {
  readonly bytes: string
  readonly deflate?: ServerStream['deflate']
  readonly lines: readonly string[]
}

/** The streams that were found to lead to different places of the reader, the smallest for each. */
export function readCorpus(): CorpusEntry[] {
  const rows = readFileSync(corpusFile, 'utf8').trimEnd().split('\n')
  return rows.map(row => {
    const { bytes, deflate, lines } = JSON.parse(row) as Kept
    return { bytes: Buffer.from(bytes, 'hex'), deflate, lines }
  })
}

/** The content of the file, an entry a line. */
export function writeCorpus(entries: readonly CorpusEntry[]): string {
  const rows = entries.map(({ bytes, deflate, lines }) =>
    JSON.stringify({ bytes: bytes.toString('hex'), ...(deflate === undefined ? {} : { deflate }), lines }),
  )
  return `${rows.join('\n')}\n`
}

/** Entries of more bytes are not kept: what is special about them does not take so many. */
const MAX_BYTES = 160
/** Entries with more lines are not kept. */
const MAX_LINES = 5

/** The corpus with these streams, the smallest of those that are read alike. */
export function extendCorpus(corpus: readonly CorpusEntry[], found: readonly CorpusEntry[]): CorpusEntry[] {
  const smallest = new Map<string, CorpusEntry>()
  for (const entry of [...corpus, ...found]) {
    if (entry.bytes.length > MAX_BYTES || entry.lines.length > MAX_LINES) continue
    const signature = signatureOf(entry)
    const known = smallest.get(signature)
    if (known === undefined || entry.bytes.length < known.bytes.length) smallest.set(signature, entry)
  }
  return [...smallest].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry)
}

/** What a stream has of its own: how its last frame is made, and what the reader makes of all. */
function signatureOf({ bytes, deflate, lines }: CorpusEntry): string {
  const kinds = lines.map(line => (line.startsWith('fail') ? line : line.slice(0, line.indexOf(' '))))
  const agreed = deflate === undefined ? 'plain' : deflate.serverNoContextTakeover ? 'alone' : 'together'
  const last = walk(bytes).at(-1)
  const frame = last === undefined ? 'none' : `${last.opcode} ${last.fin} ${last.rsv & 4} ${last.form}`
  return `${agreed} > ${frame} > ${kinds.length > 1} ${kinds.at(-1)}`
}
