import { host } from '../../host/host.ts'
import { ConnectionError } from '../../protocol/errors.ts'
import { allowedOnly } from '../../transport/allowed-address.ts'
import { authorityOf, type ConnectTarget, ExplainedError } from '../../transport/connect.ts'
import { askHttpProxy } from '../../transport/http-proxy.ts'
import type { HeaderList, Pipe } from '../../transport/pipe.ts'
import { openTunnel, type ProxyPipe } from '../../transport/proxy-pipe.ts'
import { askSocks4, askSocks5 } from '../../transport/socks.ts'
import { clientCertificateAdvice } from '../../transport/tls-advice.ts'
import { explainTlsError } from '../../transport/tls-errors.ts'
import { startTrace, type Trace } from '../../transport/trace.ts'
import { credentialsOf, userInfo } from '../credentials.ts'
import { environmentProxy } from '../environment-proxy.ts'
import type { ProxySettings } from '../options/proxy.ts'
import { ownMembers } from '../options/reading.ts'
import type { Settings } from '../options.ts'
import { defaultUserAgent, hasField } from '../request-fields.ts'
import { hostOf } from '../url.ts'
import type { Route } from '../way.ts'
import { openByHost } from './direct.ts'

/**
 * The route to `url` through a proxy, or the one that the environment names; undefined if that names none.
 *
 * @throws ConnectionError for an environment variable that is no URL of a proxy: the connection must not go around the proxy
 */
export function proxyRoute(proxy: ProxySettings | 'env', url: URL): Route | undefined {
  if (proxy !== 'env') return throughProxy(proxy)
  const found = environmentProxy(host.environment?.() ?? {}, url)
  if (typeof found !== 'string') return found && throughProxy({ url: found, headers: [], tls: undefined })
  const message = `The environment variable ${found} is not the URL of a proxy`
  throw new ConnectionError('WS_ERR_PROXY', message, { step: 'proxy' })
}

/** A tunnel through a proxy, and TLS over it for wss. A ws URL takes a tunnel, too, so that nothing on the way rewrites it. */
function throughProxy(proxy: ProxySettings): Route {
  return {
    needsAddress: false,

    async open(target, settings, _context, trace) {
      if (host.resolveHost === undefined) {
        throw new TypeError('This host has no transport: pass the option "connect"')
      }
      const { url, headers, tls } = proxy
      // The URL of the proxy without its credentials.
      const name = `${url.protocol}//${url.host}`
      trace.proxy = name
      const server = await addressToAskFor(target, url.protocol, settings, trace)
      return openByHost(target, settings, trace, {
        name: JSON.stringify([url.href, headers, server]),
        tls,
        async open(signal, own) {
          own.step = 'proxy'
          const pipe = await connectToProxy(proxy, { ...target, signal, url: name }, settings, own)
          return openTunnel(pipe, signal, asking => ask(asking, proxy, server, target.port)).then(undefined, asOfProxy)
        },
      })
    },
  }
}

/**
 * What the proxy is asked to connect to: the server's name, or its address, where it has to be resolved here. That is so for
 * socks5 and socks4, and wherever addresses have to be checked: the proxy might resolve the name to another one.
 */
async function addressToAskFor(
  { host: name, port }: ConnectTarget,
  protocol: string,
  { allowAddress, lookup, family }: Settings,
  trace: Trace,
): Promise<string> {
  if (allowAddress === undefined && protocol !== 'socks5:' && protocol !== 'socks4:') return name
  trace.step = 'dns'
  const resolving = { lookup, family: protocol.startsWith('socks4') ? 4 : family } as const
  const { addresses } = await host.resolveHost!(name, port, resolving)
  return allowedOnly(addresses, allowAddress)[0]!.address
}

/** Opens a connection to the proxy itself, with TLS for an https proxy. */
async function connectToProxy(
  { url, tls }: ProxySettings,
  { signal, url: proxyName }: ConnectTarget,
  settings: Settings,
  trace: Trace,
): Promise<Pipe> {
  const name = hostOf(url)
  const secure = url.protocol === 'https:'
  // The port of SOCKS is that of RFC 1928 section 3.
  const port = Number(url.port || (secure ? 443 : url.protocol === 'http:' ? 80 : 1080))
  const { keepAlive, localAddress, noDelay } = settings
  const { addresses } = await host.resolveHost!(name, port, settings)
  const target = { host: name, port, secure, url: proxyName, signal, addresses }
  // The steps within are those of the proxy, and its TLS is not the server's.
  const own: Trace = startTrace('proxy')
  const network = ownMembers({ localAddress, noDelay, trace: own })
  const pipe = await host.connect!(target, tls, keepAlive, network).then(undefined, asOfProxy)
  const { remoteAddress, remotePort } = own
  Object.assign(trace, { remoteAddress, remotePort })
  return pipe
}

/**
 * Rewrites the message of a TLS error for a proxy: it names the server and the option "tls", and is to name the proxy and
 * "proxy.tls". With TLS 1.3 a proxy refuses a client certificate after the handshake of TLS, by an error that has no such message.
 */
function asOfProxy(error: unknown): never {
  const explained = clientCertificateAdvice(error) ? explainTlsError(error) : error
  if (explained instanceof ExplainedError) {
    explained.message = explained.message
      .replace(/^The server/, 'The proxy')
      .replaceAll('"tls', '"proxy.tls')
      .replace('with ws:', 'with http:')
  }
  throw explained
}

async function ask(asking: ProxyPipe, { url, headers }: ProxySettings, server: string, port: number): Promise<void> {
  const { protocol } = url
  if (protocol.startsWith('http')) {
    return await askHttpProxy(asking, authorityOf(server, port), proxyFields(url, headers))
  }
  const { user, password } = userInfo(url)
  if (protocol.startsWith('socks4')) return await askSocks4(asking, server, port, user)
  const hasCredentials = user.length > 0 || password.length > 0
  await askSocks5(asking, server, port, hasCredentials ? { user, password } : undefined)
}

/** The fields of CONNECT: those of the caller, and by default credentials and the name of this client. */
function proxyFields(url: URL, given: ProxySettings['headers']): HeaderList {
  const credentials = credentialsOf(url).map(([, value]) => ['Proxy-Authorization', value] as const)
  const userAgent = defaultUserAgent()
  const defaults = [...credentials, ['User-Agent', userAgent] as const].filter(([name]) => !hasField(given, name))
  return [...defaults, ...given.filter((field): field is HeaderList[number] => field[1] !== null)]
}
