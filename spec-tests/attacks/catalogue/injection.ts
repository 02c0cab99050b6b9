import { configured, WebSocket } from '#lib/entry/node.js'
import { memoryPair } from '#lib/transport/memory.js'
import type { Pipe } from '#lib/transport/pipe.js'
import type { Check, CheckResult } from '../check.ts'

/*
 * What a caller passes on from an untrusted source must not become lines of the request. Each input goes through each
 * place where text is taken; it is refused, or the request is the one line longer that it should be, or not at all.
 */

/** What would break out of a line, some of it only once it is cut down to bytes. */
const INPUTS: readonly string[] = [
  '\r\nX-Evil: 1',
  '\nX-Evil: 1',
  '\rX-Evil: 1',
  'a\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n',
  'a\r\n X-Evil: folded',
  '\0',
  'a\0b',
  '\u010d\u010aX-Evil: 1',
  '\uff0d\uff0aX-Evil: 1',
  '\u2028X-Evil: 1',
  '\x0b\x0c\x1b\x7f\x85',
  '%0d%0aX-Evil:%201',
  ' HTTP/1.1\r\nX-Evil: 1',
  '\ud800\r\n',
]

type Arguments = readonly [url: string, options?: object]

const URL_TEXT = 'ws://user.example/'
const proxied: { readonly [place: string]: (input: string) => Arguments } = {
  'the path of the URL': input => [`ws://user.example/${input}`],
  'the query of the URL': input => [`ws://user.example/?${input}`],
  'the host of the URL': input => [`ws://user.example${input}/`],
  'the port of the URL': input => [`ws://user.example:80${input}/`],
  'the credentials of the URL': input => [`ws://${input}:${input}@user.example/`],
  'the option baseURL': input => [input, { baseURL: `ws://user.example/${input}` }],
  'the path below baseURL': input => [input, { baseURL: 'ws://user.example/' }],
  'a subprotocol': input => [URL_TEXT, { protocols: input }],
  'one of the subprotocols': input => [URL_TEXT, { protocols: ['good', input] }],
  'the option origin': input => [URL_TEXT, { origin: input }],
  'a header value': input => [URL_TEXT, { headers: { 'X-Given': input } }],
  'a header value in a list': input => [URL_TEXT, { headers: [['X-Given', input]] }],
  'one of the values of a header': input => [URL_TEXT, { headers: { 'X-Given': ['good', input] } }],
  'a header name': input => [URL_TEXT, { headers: { [input]: 'good' } }],
  'a header name in a list': input => [URL_TEXT, { headers: [[input, 'good']] }],
  'the header Host': input => [URL_TEXT, { headers: { Host: input } }],
  'the header Cookie': input => [URL_TEXT, { headers: { Cookie: `a=${input}` } }],
  'the header Authorization': input => [URL_TEXT, { headers: { Authorization: input } }],
  'a header that looks like a value of another': input => [URL_TEXT, { headers: new Map([[`X: ${input}`, 'good']]) }],
}

/** The head of the request, or undefined if the constructor throws. */
async function request(make: (connect: () => Pipe) => WebSocket): Promise<string | undefined> {
  const [client, server] = memoryPair()
  let socket: WebSocket
  try {
    socket = make(() => client)
  } catch (error) {
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'SyntaxError')) return undefined
    throw error
  }
  const closed = new Promise(resolve => socket.addEventListener('close', resolve))
  let text = ''
  server.start({
    data(bytes) {
      text += Buffer.from(bytes).toString('latin1')
      if (text.includes('\r\n\r\n')) server.abort()
    },
    drain() {},
    end() {},
    close() {},
  })
  await closed
  return text
}

/** How the head of a request is not the one of a single GET. */
function faults(head: string): string[] {
  const found: string[] = []
  if (head.indexOf('\r\n\r\n') !== head.length - 4) found.push('there is something behind the head')
  const [first, ...lines] = head.slice(0, -4).split('\r\n')
  if (!/^GET \/[\x21-\x7e]* HTTP\/1\.1$/.test(first!)) found.push(`the request line is ${JSON.stringify(first)}`)
  for (const line of lines) {
    // Other control characters are allowed in a value (Fetch, "header value").
    if (!/^[\w-]+: [^\0\r\n]*$/.test(line)) found.push(`there is a line ${JSON.stringify(line)}`)
    if (/^x-evil/i.test(line)) found.push('the line is there that was to be injected')
  }
  const names = lines.map(line => line.split(':')[0]!.toLowerCase())
  for (const name of ['host', 'upgrade', 'connection', 'sec-websocket-key', 'sec-websocket-version']) {
    if (names.filter(other => other === name).length !== 1) found.push(`there is not one ${name}`)
  }
  return found
}

async function checkInjection(): Promise<CheckResult> {
  const problems: string[] = []
  let refused = 0
  let harmless = 0
  for (const [place, make] of Object.entries(proxied)) {
    for (const input of INPUTS) {
      const [url, options = {}] = make(input)
      const ways: { readonly [way: string]: (connect: () => Pipe) => WebSocket } = {
        new: connect => new WebSocket(url, { ...options, connect }),
        configured: connect => new (configured({ ...options, connect }))(url),
      }
      for (const [way, construct] of Object.entries(ways)) {
        const head = await request(construct)
        if (head === undefined) {
          refused++
          continue
        }
        harmless++
        problems.push(...faults(head).map(fault => `${JSON.stringify(input)} as ${place} (${way}): ${fault}`))
      }
    }
  }
  // Where nothing is ever refused, or nothing ever sent, this has looked at nothing.
  if (refused === 0 || harmless === 0) problems.push(`${refused} inputs were refused and ${harmless} sent`)
  return { measured: `${refused} inputs refused, ${harmless} sent as what they are`, problems }
}

export const injectionChecks: readonly Check[] = [
  {
    name: 'CR, LF and NUL through the URL, the subprotocols and every option with text',
    source: 'CVE-2022-31150, CVE-2026-1527',
    bound: 'a TypeError or SyntaxError, or percent-encoded',
    run: checkInjection,
  },
]
