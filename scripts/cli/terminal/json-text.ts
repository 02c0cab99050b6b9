import type { Colours } from '../style.ts'

/* JSON as text: numbers and strings stay as the server wrote them, which parsing and writing anew would not keep. */

/** Strings, numbers and literals, and punctuation. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs

/** Whether a text is a JSON object or array. */
export function isJsonContainer(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * Lays out a JSON text: in one line if it fits, or else with indentation.
 *
 * @param text valid JSON
 */
export function layOutJson(text: string, width: number, colours: Colours): string {
  const tokens = text.match(TOKENS) ?? []
  const inOneLine = tokens.map(token => (token === ',' || token === ':' ? `${token} ` : token)).join('')
  return inOneLine.length <= width ? inLine(tokens, colours) : indented(tokens, colours)
}

function inLine(tokens: readonly string[], colours: Colours): string {
  return tokens
    .map((token, index) => {
      const shown = paint(token, tokens[index + 1] === ':', colours)
      return token === ',' || token === ':' ? `${shown} ` : shown
    })
    .join('')
}

function indented(tokens: readonly string[], colours: Colours): string {
  let depth = 0
  let laidOut = ''
  const breakLine = (): void => {
    laidOut += `\n${'  '.repeat(depth)}`
  }
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1]
    const isOpening = token === '{' || token === '['
    const isClosing = token === '}' || token === ']'
    const isEmpty = (one: string | undefined, other: string | undefined): boolean =>
      (one === '{' && other === '}') || (one === '[' && other === ']')
    if (isClosing) {
      depth--
      if (!isEmpty(tokens[index - 1], token)) breakLine()
    }
    laidOut += paint(token, next === ':', colours)
    if (isOpening) {
      depth++
      if (!isEmpty(token, next)) breakLine()
    } else if (token === ',') breakLine()
    else if (token === ':') laidOut += ' '
  }
  return laidOut
}

function paint(token: string, isKey: boolean, colours: Colours): string {
  if (/^[{}[\],:]$/.test(token)) return colours.dim(token)
  if (isKey) return colours.cyan(token)
  if (token.startsWith('"')) return colours.green(token)
  return token === 'true' || token === 'false' || token === 'null' ? colours.magenta(token) : colours.yellow(token)
}

/** The value at a path such as `user.names.0` in a parsed JSON value; undefined if there is none. */
export function valueAt(value: unknown, path: string): unknown {
  let current = value
  for (const key of path.split('.').filter(Boolean)) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined
    current = (current as Record<string, unknown>)[key]
  }
  return current
}
