/** The content of the `// META:` comments at the top of a script of web-platform-tests. */
export interface TestMetadata {
  /** Scripts to load first, as written: relative to the test, or absolute from the root. */
  readonly scripts: readonly string[]
  /** Query strings, such as `?wss`; `['']` when there are none. */
  readonly variants: readonly string[]
  /** The scopes that `global=` names, such as `window` and `worker`; empty if the test has no such comment. */
  readonly globals: readonly string[]
  readonly title: string | undefined
  readonly longTimeout: boolean
}

export function readScriptMetadata(source: string): TestMetadata {
  const pairs: [string, string][] = []
  for (const line of source.split('\n')) {
    const comment = /^\/\/\s*META:\s*(\w+)=(.*)$/.exec(line.trim())
    if (comment) pairs.push([comment[1]!, comment[2]!.trim()])
    else if (!line.startsWith('//')) break
  }
  return metadataOf(pairs)
}

function metadataOf(pairs: readonly [string, string][]): TestMetadata {
  const all = (key: string) => pairs.filter(pair => pair[0] === key).map(pair => pair[1])
  const variants = all('variant')
  return {
    scripts: all('script'),
    variants: variants.length === 0 ? [''] : variants,
    globals: all('global').flatMap(value => value.split(',').map(name => name.trim())),
    title: all('title')[0],
    longTimeout: all('timeout').includes('long'),
  }
}

/** A script of a page: its address, or its text. */
export type PageScript = { readonly src: string } | { readonly text: string }

export interface TestPage extends TestMetadata {
  readonly inline: readonly PageScript[]
  /** The encoding that the page declares; `utf-8` if it declares none. */
  readonly charset: string
}

/** Reads scripts, title and `meta` elements of an HTML test, by patterns: the markup below `websockets/` is simple enough. */
export function readPage(html: string): TestPage {
  const pairs: [string, string][] = []
  let charset = 'utf-8'
  for (const [tag] of html.matchAll(/<meta\b[^>]*>/gi)) {
    const name = attribute(tag, 'name')
    if (name !== undefined) pairs.push([name.toLowerCase(), attribute(tag, 'content') ?? ''])
    charset = attribute(tag, 'charset')?.toLowerCase() ?? charset
  }
  const title = /<title>([\s\S]*?)<\/title>/i.exec(html)?.[1]
  if (title !== undefined) pairs.push(['title', title])
  const inline: PageScript[] = []
  for (const [, attributes, text] of html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi)) {
    const src = attribute(attributes!, 'src')
    inline.push(src === undefined ? { text: text! } : { src })
  }
  return { ...metadataOf(pairs), inline, charset }
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag)
  return match?.[1] ?? match?.[2] ?? match?.[3]
}
