import { Deadline } from '../host/timers.ts'
import { ConnectionError, type HandshakeResponse } from '../protocol/errors.ts'
import { ResponseBodyReader, ResponseHeadReader, writeRequest } from '../protocol/http1.ts'
import { BODY_TIMEOUT } from './http1.ts'
import type { HeaderList, ResponseHead } from './pipe.ts'
import type { ProxyPipe } from './proxy-pipe.ts'

/**
 * Asks an HTTP proxy for a tunnel (RFC 9110 section 9.3.6).
 *
 * @param authority host and port of the server
 * @param headers the fields of the request besides `Host`, already checked
 * @throws (rejects with) ConnectionError if the proxy refuses, or answers with something other than HTTP; else the pipe's error
 */
export async function askHttpProxy(proxy: ProxyPipe, authority: string, headers: HeaderList): Promise<void> {
  // RFC 9112 section 3.2.3: the target has the authority form. The Host field has the same (RFC 9110 section 7.2).
  const request = { target: authority, headers: [['Host', authority] as const, ...headers] }
  proxy.write(writeRequest(request, 'CONNECT'), false)
  const head = await readHead(proxy)
  // RFC 9110 section 9.3.6: any status 2xx means a tunnel, and what follows the head is in it. The fields Content-Length and
  // Transfer-Encoding are ignored.
  if (head.status >= 200 && head.status < 300) return
  const body = await readBody(proxy, head)
  const response: HandshakeResponse = { ...head, ...NO_WAY, body }
  const status = `${head.status} ${head.statusText}`.trimEnd()
  const advice = head.status === 407 ? ': it wants other credentials than it got' : ''
  throw new ConnectionError('WS_ERR_PROXY_REFUSED', `The proxy answered CONNECT with status ${status}${advice}`, {
    response,
    step: 'proxy',
  })
}

/** The `WayInfo` of a response that the proxy itself has sent. */
const NO_WAY = { http: '1.1', proxy: undefined, remoteAddress: undefined, tls: undefined } as const

/** Reads the head of the final response, at most 64 KiB with the interim ones before it. */
async function readHead(proxy: ProxyPipe): Promise<ResponseHead> {
  const reader = new ResponseHeadReader()
  for (;;) {
    const bytes = await proxy.read()
    const head = reader.read(bytes)
    if (head instanceof ConnectionError) {
      throw new ConnectionError('WS_ERR_PROXY', `The proxy failed: ${head.message}`, { step: 'proxy' })
    }
    if (head === undefined) continue
    proxy.putBack(bytes.subarray(reader.consumed))
    return head
  }
}

/** Reads the body of a refusal as far as it comes: at most 64 KiB, for a second at most. */
async function readBody(proxy: ProxyPipe, head: ResponseHead): Promise<Uint8Array> {
  const reader = new ResponseBodyReader(head)
  const deadline = new Deadline(BODY_TIMEOUT, () => proxy.abort())
  try {
    for (let bytes: Uint8Array = new Uint8Array(0); !reader.read(bytes); ) bytes = await proxy.read()
  } catch {
    // The body has ended with the connection.
  }
  deadline.cancel()
  return reader.body
}
