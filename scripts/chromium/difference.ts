import type { Logs } from './subjects.ts'

/** Who is right where Chromium and this package differ. `on purpose`: this package deviates, for the reason that the section gives. */
export type Verdict = 'Chromium deviates' | 'both allowed' | 'on purpose' | 'limit of the host'

/** A difference that is known: what Chromium logs, and what this package logs in its place. */
export interface Difference {
  readonly name: string
  readonly verdict: Verdict
  /** The section that decides, or that leaves it open. */
  readonly section: string
  readonly chromium: string
  readonly ours: string
  /** The scenarios in which it may be found. */
  readonly scenarios: RegExp
  /** Only in these runtimes, such as `node20`; by default in all. */
  readonly runtimes?: RegExp
  /**
   * Makes of Chromium's logs what ours have to be; the same logs where it makes no difference. Where two orders are right, ours are
   * looked at.
   */
  readonly translate: (logs: Logs, scenario: string, ours: Logs) => Logs
}

/** Replaces whole lines of the client's log. */
export function clientLines(from: string | RegExp, to: string): Difference['translate'] {
  return logs => ({ ...logs, client: replaceLines(logs.client, from, to) })
}

/** Replaces whole lines of the server's log. */
export function serverLines(from: string | RegExp, to: string): Difference['translate'] {
  return logs => ({ ...logs, server: replaceLines(logs.server, from, to) })
}

export function allOf(...translations: readonly Difference['translate'][]): Difference['translate'] {
  return (logs, scenario, ours) => translations.reduce((result, translate) => translate(result, scenario, ours), logs)
}

function replaceLines(lines: readonly string[], from: string | RegExp, to: string): string[] {
  const pattern = typeof from === 'string' ? undefined : new RegExp(`^(?:${from.source})$`)
  return lines.map(line => (pattern === undefined ? (line === from ? to : line) : line.replace(pattern, to)))
}

const ERROR = ['error Event trusted readyState=3', 'microtask of error']
/** The `close` event of a connection that has failed. */
export const ABNORMAL = 'close CloseEvent trusted 1006 "" not clean readyState=3'

/** An `error` event before the `close` event. */
export function withErrorEvent(logs: Logs): Logs {
  const at = logs.client.findIndex(line => line.startsWith('close CloseEvent'))
  if (at < 0 || logs.client.includes(ERROR[0]!)) return logs
  return { ...logs, client: [...logs.client.slice(0, at), ...ERROR, ...logs.client.slice(at)] }
}

/** The connection is not opened. */
export function notOpened(logs: Logs): Logs {
  const isSocket = logs.client[0]!.startsWith('constructed')
  const client = isSocket
    ? [logs.client[0]!, ...ERROR, ABNORMAL, 'microtask of close']
    : [
        'opened rejects: WebSocketError null ""',
        'closed rejects: WebSocketError 1006 ""',
        'opened rejects: WebSocketError null ""',
      ]
  return { client, server: [...logs.server.slice(0, 2), 'the client ends'] }
}

/** The connection is opened, and closed by the server. */
export function opened(logs: Logs): Logs {
  const isSocket = logs.client[0]!.startsWith('constructed')
  const client = isSocket
    ? [
        logs.client[0]!,
        'open Event trusted readyState=1',
        'look: readyState=1 bufferedAmount=0 protocol="" extensions="" binaryType=blob',
        'microtask of open',
        'close CloseEvent trusted 1000 "done" clean readyState=3',
        'microtask of close',
      ]
    : [
        'opened: {extensions=text "" protocol=text "" readable=ReadableStream writable=WritableStream}',
        'opened: undefined',
        'closed: {closeCode=1000 reason=text "done"}',
      ]
  return { client, server: [...logs.server.slice(0, 2), 'close 1000 "done"'] }
}

/** The connection fails where Chromium closes it, with this code in our Close frame. */
export function failed(code: number): Difference['translate'] {
  return ({ client, server }) => {
    const at = client.findIndex(line => /^(?:message|close CloseEvent)/.test(line))
    const kept =
      at < 0 ? client.filter(line => line.startsWith('opened') || line.startsWith('write')) : client.slice(0, at)
    const reads = client.filter(line => line.startsWith('read')).map(() => 'read rejects: WebSocketError 1006 ""')
    const end =
      at < 0 ? ['closed rejects: WebSocketError 1006 ""', ...reads] : [...ERROR, ABNORMAL, 'microtask of close']
    return { client: [...kept, ...end], server: [...server.slice(0, -1), `close ${code} ""`] }
  }
}

/** The connection closes cleanly where Chromium fails it. */
export function closedCleanly(code: number, reason: string): Difference['translate'] {
  return ({ client, server }) => ({
    client: client
      .filter(line => !ERROR.includes(line))
      .map(line => (line === ABNORMAL ? `close CloseEvent trusted ${code} "${reason}" clean readyState=3` : line))
      .map(line =>
        line === 'closed rejects: WebSocketError 1006 ""'
          ? `closed: {closeCode=${code} reason=text "${reason}"}`
          : line,
      )
      .map(line => (line === 'read rejects: WebSocketError 1006 ""' ? 'read: {done=true value=undefined}' : line)),
    server,
  })
}

/** Promises that settle with the connection. The others settle one after the other, as the client waits for them. */
const ENDINGS = /^(?:closed|reader closed|writer closed|close writer later)/

/** The promises that settle with the connection, in our order among the others. */
export function endingsInOurOrder(logs: Logs, _scenario: string, ours: Logs): Logs {
  const others = (lines: readonly string[]): string => lines.filter(line => !ENDINGS.test(line)).join('\n')
  const sorted = (lines: readonly string[]): string => [...lines].sort().join('\n')
  const isReordered = others(logs.client) === others(ours.client) && sorted(logs.client) === sorted(ours.client)
  return isReordered ? { ...logs, client: ours.client } : logs
}

/** The first line of the client that begins like this gives way to another one. */
export function firstLine(beginning: string, to: string): Difference['translate'] {
  return logs => {
    const at = logs.client.findIndex(line => line.startsWith(beginning))
    return at < 0 ? logs : { ...logs, client: logs.client.with(at, to) }
  }
}

/** A frame that the server saw, before what came behind the request. */
export function serverSawFirst(line: string): Difference['translate'] {
  return ({ client, server }) => ({ client, server: [...server.slice(0, 2), line, ...server.slice(2)] })
}
