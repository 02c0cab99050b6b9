import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { expect } from 'chai'
import { WebSocket } from '#lib/entry/node.js'
import { root } from '../support/root.ts'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import { useLoopback } from '../support/ws-server.ts'

interface Call {
  readonly id?: number
  readonly method?: string
  readonly params?: Record<string, any>
}

/** A client of the Chrome DevTools Protocol, by our own class: what DevTools do with `--inspect`. */
class DevTools {
  readonly #socket: WebSocket
  readonly #calls: Call[] = []
  #wake: () => void = () => {}

  constructor(url: string) {
    this.#socket = new WebSocket(url)
    this.#socket.onmessage = ({ data }) => {
      this.#calls.push(JSON.parse(data as string) as Call)
      this.#wake()
    }
  }

  async send(id: number, method: string, params: object = {}): Promise<void> {
    if (this.#socket.readyState === WebSocket.CONNECTING) {
      await new Promise(resolve => this.#socket.addEventListener('open', resolve, { once: true }))
    }
    this.#socket.send(JSON.stringify({ id, method, params }))
    await this.#find(call => call.id === id)
  }

  /** The parameters of the first event of that name, which may still be to come. */
  async event(method: string): Promise<Record<string, any>> {
    return (await this.#find(call => call.method === method)).params ?? {}
  }

  close(): void {
    this.#socket.close()
  }

  async #find(matches: (call: Call) => boolean): Promise<Call> {
    while (true) {
      const found = this.#calls.find(matches)
      if (found !== undefined) return found
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}

describe('Chrome DevTools, on Node.js 24 and later', function () {
  this.timeout(INSTALL_LIMIT)
  const loopback = useLoopback()
  let child: ChildProcessByStdio<null, Readable, Readable> | undefined
  afterEach(() => child?.kill('SIGKILL'))

  it('show the sockets in the Network panel: opened, the response, closed', async () => {
    const executable = await ensureRuntime('node24')
    const { url, accept } = await loopback.serve()
    const program = `
      import { WebSocket } from 'whatwg-websocket'
      const socket = new WebSocket('${url}')
      socket.onmessage = () => socket.close(1000)`
    const flags = ['--inspect-wait=127.0.0.1:0', '--experimental-network-inspection', '--input-type=module']
    child = spawn(executable, [...flags, '--eval', program], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let address: string | undefined
    for await (const line of createInterface(child.stderr)) {
      address = /ws:\S+/.exec(line)?.[0]
      if (address !== undefined) break
    }
    const tools = new DevTools(address!)
    await tools.send(1, 'Network.enable')
    await tools.send(2, 'Runtime.runIfWaitingForDebugger')
    const peer = await accept()
    const created = await tools.event('Network.webSocketCreated')
    expect(created).to.include({ url })
    const { requestId, response } = await tools.event('Network.webSocketHandshakeResponseReceived')
    expect(requestId).to.equal(created.requestId)
    expect(response).to.include({ status: 101, statusText: 'Switching Protocols' })
    expect(response.headers).to.include({ upgrade: 'websocket' })
    peer.socket.send('enough')
    expect((await tools.event('Network.webSocketClosed')).requestId).to.equal(created.requestId)
    tools.close()
    await once(child, 'close')
  })
})
