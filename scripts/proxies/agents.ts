/** The agents, dispatchers and ssh channels of other projects, by the options `agent`, `dispatcher` and `connect`. Prints what client.ts prints. */
import { createRequire } from 'node:module'
import process from 'node:process'
import { failure, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import type { Line, World } from './client.ts'
import { openSsh, type Ssh2 } from './ssh.ts'

const world = JSON.parse(process.argv.at(-1)!) as World
// The packages are in the source folder, since nothing of them is compiled to build/.
const require = createRequire(new URL('../../../scripts/proxies/packages/package.json', import.meta.url))

interface Closable {
  destroy?(): unknown
  close?(): unknown
}
type Made = new (...args: any[]) => Closable & { dispatch(options: any, handler: any): unknown }

async function exchange(url: string, options: WebSocketOptions): Promise<void> {
  const socket = new WebSocket(url, { ...options, handshakeTimeout: 10_000 })
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => socket.send('x'.repeat(100_000))
    socket.onmessage = () => socket.close(1000)
    socket.onclose = ({ code }) => (code === 1000 ? resolve() : reject(failure(socket) ?? new Error(`${code}`)))
  })
}

async function report(proxy: string, check: string, run: () => Promise<unknown>): Promise<void> {
  let problem: string | undefined
  try {
    await run()
  } catch (error) {
    problem = `${(error as Error).message} (${String((error as Error).cause)})`
  }
  console.log(JSON.stringify({ proxy, check, ...(problem !== undefined && { problem }) } satisfies Line))
}

/** The URL of a proxy by its name. */
function urlOf(name: string): string {
  const { schemes, place, password } = world.proxies.find(one => one.name === name)!
  return `${schemes.at(-1)}://${password ? `${world.user}:${world.secret}@` : ''}${place}`
}

/** A new one each time: agents write to their options. */
const trust = (): { ca: string } => ({ ca: world.authority })
/** Over IPv4: Node.js 22.23 refuses each certificate for an IPv6 address where its own check is used. */
const servers = world.servers.filter(url => !url.includes('['))
const secure = (url: string): boolean => url.startsWith('wss:')

async function tryAgents(): Promise<void> {
  const { HttpsProxyAgent } = (await import(require.resolve('https-proxy-agent'))) as { HttpsProxyAgent: Made }
  const { SocksProxyAgent } = (await import(require.resolve('socks-proxy-agent'))) as { SocksProxyAgent: Made }
  const { ProxyAgent } = (await import(require.resolve('proxy-agent'))) as { ProxyAgent: Made }
  const keepAlive = require('agentkeepalive') as Made & { HttpsAgent: Made }
  for (const url of servers) {
    const where = url.replace(/:\d+.*/, '')
    const agents: Record<string, () => Closable> = {
      agentkeepalive: () => (secure(url) ? new keepAlive.HttpsAgent(trust()) : new keepAlive()),
      'https-proxy-agent': () => new HttpsProxyAgent(urlOf('squid, password'), trust()),
      'https-proxy-agent over TLS': () => new HttpsProxyAgent(urlOf('squid, TLS, password'), trust()),
      'socks-proxy-agent': () => new SocksProxyAgent(urlOf('microsocks, password')),
      'proxy-agent': () => new ProxyAgent({ getProxyForUrl: () => urlOf('tinyproxy, password'), ...trust() }),
    }
    for (const [name, make] of Object.entries(agents)) {
      await report(name, `to ${where}`, async () => {
        const agent = make()
        try {
          await exchange(url, { agent, tls: trust() })
        } finally {
          agent.destroy?.()
        }
      })
    }
  }
}

async function tryDispatchers(): Promise<void> {
  for (const version of ['undici6', 'undici7', 'undici8']) {
    let undici: Record<string, Made>
    try {
      undici = require(version) as Record<string, Made>
    } catch (error) {
      // undici 8 needs Node.js 22.
      console.error(`${version} does not load here: ${(error as Error).message}`)
      continue
    }
    const { Agent, ProxyAgent, EnvHttpProxyAgent, Socks5ProxyAgent } = undici
    for (const url of servers) {
      const origin = url.replace('ws', 'http')
      const proxy = urlOf('squid, password')
      const uri = proxy.replace(/\/\/.*@/, '//')
      const token = `Basic ${Buffer.from(`${world.user}:${world.secret}`).toString('base64')}`
      // Without proxyTunnel, the ProxyAgent of undici 8 asks the proxy for ws URLs as for pages, which no proxy upgrades.
      const dispatchers: Record<string, () => InstanceType<Made>> = {
        Agent: () => new Agent!({ connect: trust() }),
        Pool: () => new undici.Pool!(new URL(origin).origin, { connect: trust() }),
        ProxyAgent: () => new ProxyAgent!({ uri, token, requestTls: trust(), proxyTunnel: true }),
        EnvHttpProxyAgent: () =>
          new EnvHttpProxyAgent!({
            httpProxy: urlOf('squid'),
            httpsProxy: urlOf('squid'),
            noProxy: '',
            proxyTunnel: true,
            requestTls: trust(),
          }),
      }
      // With TLS it takes the address for a name, which Node.js 26 does not allow.
      if (Socks5ProxyAgent !== undefined && !secure(url)) {
        dispatchers.Socks5ProxyAgent = () =>
          new Socks5ProxyAgent(urlOf('microsocks').replace('socks5h', 'socks5'), { requestTls: trust() })
      }
      for (const [name, make] of Object.entries(dispatchers)) {
        await report(`${version} ${name}`, `to ${url.replace(/:\d+.*/, '')}`, async () => {
          const dispatcher = make()
          try {
            await exchange(url, { dispatcher })
          } finally {
            await dispatcher.close?.()
          }
        })
      }
    }
  }
}

async function trySsh(): Promise<void> {
  const ssh = await openSsh(require('ssh2') as Ssh2, world.authority)
  for (const url of servers) {
    // No name is asked for over TLS where the host is an address, so the certificate is that of the name.
    const named = url.replace('127.0.0.1', 'localhost')
    await report('ssh2', `to ${url.replace(/:\d+.*/, '')}`, () => exchange(named, { connect: ssh.connect }))
  }
  await report('ssh2', 'HTTP/2', () => exchange(world.http2, { http2: 'only', connect: ssh.connectHttp2 }))
  ssh.close()
}

await tryAgents()
await tryDispatchers()
await trySsh()
