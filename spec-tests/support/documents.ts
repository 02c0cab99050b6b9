import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A fenced block of a document. */
export interface Block {
  readonly language: string
  readonly text: string
  /** Where its first line stands. */
  readonly line: number
  /** The block of plain text right behind it: what it prints. */
  readonly output: string | undefined
}

/** What the tests look at in a Markdown file. */
export interface Document {
  /** Below the package, such as `docs/options.md`. */
  readonly path: string
  /** Without fenced blocks. */
  readonly prose: string
  readonly blocks: readonly Block[]
  /** The ids that the headings have where the file is shown. */
  readonly anchors: ReadonlySet<string>
  readonly links: readonly string[]
}

/** All documents of the package at `root`. */
export function readDocuments(root: string): Document[] {
  const examples = readdirSync(join(root, 'examples'), { withFileTypes: true })
  const projects = examples.filter(entry => entry.isDirectory()).map(({ name }) => `examples/${name}/README.md`)
  const inner = readdirSync(join(root, 'docs')).map(name => `docs/${name}`)
  const paths = [...readdirSync(root), ...inner, 'examples/README.md', ...projects].filter(path => path.endsWith('.md'))
  return paths.map(path => parseDocument(path, readFileSync(join(root, path), 'utf8')))
}

export function parseDocument(path: string, text: string): Document {
  const prose: string[] = []
  const blocks: Block[] = []
  const lines = text.split('\n')
  for (let index = 0; index < lines.length; index++) {
    const language = /^```(\w*)$/.exec(lines[index]!)?.[1]
    if (language === undefined) {
      prose.push(lines[index]!)
      continue
    }
    const end = lines.indexOf('```', index + 1)
    if (end < 0) throw new Error(`${path}:${index + 1}: a block does not end`)
    const content = `${lines.slice(index + 1, end).join('\n')}\n`
    const output = lines[end + 1] === '' && lines[end + 2] === '```text' ? readBlock(lines, end + 2) : undefined
    blocks.push({ language, text: content, line: index + 2, output })
    index = end
  }
  const plain = prose.join('\n')
  const headings = [...plain.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!))
  const links = [...plain.replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!)
  return { path, prose: plain, blocks, anchors: new Set(headings), links }
}

/** The first column of the tables below a heading, down to the next one of the same kind, without backquotes. */
export function firstColumn({ prose }: Document, heading: string): string[] {
  const level = '#'.repeat(/^#*/.exec(heading)![0].length)
  const lines = prose.split('\n')
  const start = lines.indexOf(heading)
  if (start < 0) throw new Error(`There is no heading "${heading}"`)
  const end = lines.findIndex(
    (line, index) => index > start && /^#+ /.test(line) && line.split(' ')[0]!.length <= level.length,
  )
  const rows = lines.slice(start, end < 0 ? undefined : end).filter(line => line.startsWith('| `'))
  return rows.flatMap(row => [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!))
}

function readBlock(lines: readonly string[], start: number): string {
  return `${lines.slice(start + 1, lines.indexOf('```', start + 1)).join('\n')}\n`
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')
}
