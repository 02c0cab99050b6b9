import { closest } from './text.ts'
import { UsageError } from './usage-error.ts'

/** What to type where a URL is missing, or cannot be guessed from what was typed. */
export const URL_ADVICE = 'A URL is written ws://host:port/path. To be a server, type: whatwg-websocket listen PORT'

const SCHEMES = ['ws:', 'wss:', 'http:', 'https:']

/**
 * Checks a URL as it was typed.
 *
 * @param commands names that may have been meant
 * @throws UsageError that says what to type instead
 */
export function checkUrl(text: string, commands: readonly string[] = []): string {
  const url = parse(text)
  if (url !== undefined && SCHEMES.includes(url.protocol)) return text
  const meant = closest(text, commands)
  if (meant !== undefined) throw new UsageError(`There is no command "${text}"`, `Did you mean "${meant}"?`)
  const unmarked = /^(wss?|https?):?\/+(.+)/i.exec(text)
  if (unmarked !== null && !text.includes('://')) {
    throw new UsageError(`"${text}" is not a valid URL`, `Did you mean ${unmarked[1]}://${unmarked[2]}?`)
  }
  const local = /^:?(\d{1,5})(?:[/?].*)?$/.exec(text)
  if (local !== null && parse(`ws://localhost:${text.replace(/^:/, '')}`) !== undefined) {
    const server = `to be a server: whatwg-websocket listen ${local[1]}`
    throw new UsageError(`"${text}" has no host`, `Type ws://localhost:${text.replace(/^:/, '')} or, ${server}`)
  }
  // Without a scheme, "localhost:8080" is a URL whose scheme is "localhost:".
  const looksLikeHost = /^\w[\w.-]*(:\d+)?([/?].*)?$/.test(text) || /^\[[\da-f:.]+\](:\d+)?([/?].*)?$/i.test(text)
  if (looksLikeHost && parse(`ws://${text}`) !== undefined) {
    throw new UsageError(`"${text}" has no scheme`, `Type ws://${text} or wss://${text}`)
  }
  const port = /^\w+:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/.exec(text)?.[1]
  if (url === undefined && Number(port) > 65_535) {
    throw new UsageError(`"${text}" is not a valid URL`, `A port is a number up to 65535, not ${port}`)
  }
  if (url === undefined) throw new UsageError(`"${text}" is not a valid URL`, URL_ADVICE)
  const told = `The scheme of a URL is ws: or wss: (or http: or https:), not ${url.protocol}`
  const rest = /^[\w+.-]+(:\/\/.+)/s.exec(text)?.[1]
  throw new UsageError(told, rest === undefined ? URL_ADVICE : `Did you mean wss${rest}?`)
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
