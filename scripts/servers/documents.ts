import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../../../docs/compatibility.md', import.meta.url)

/** Replaces what is between the two comments in docs/compatibility.md that name a section. */
export function replaceSection(name: string, content: string): void {
  const [start, end] = [`<!-- ${name}: made by npm run ${name} -- --docs -->`, `<!-- end of ${name} -->`]
  const text = readFileSync(file, 'utf8')
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/compatibility.md has no section ${name}`)
  writeFileSync(file, `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`)
}
