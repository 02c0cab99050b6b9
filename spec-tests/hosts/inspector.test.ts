import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { expect } from 'chai'
import { WebSocket } from '#lib/entry/node.js'
import { runProgram } from '../support/child.ts'
import { launchChromium } from '../support/chromium.ts'
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
  readonly #waiting = new Set<() => void>()
  /** Why no call follows any more. */
  #end: string | undefined

  constructor(url: string) {
    this.#socket = new WebSocket(url)
    this.#socket.onclose = () => this.#finish('The inspector has closed the connection')
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
    await this.#find(`an answer to ${method}`, call => call.id === id)
  }

  /** The parameters of the first event of that name, which may still be to come. */
  async event(method: string): Promise<Record<string, any>> {
    return (await this.#find(method, call => call.method === method)).params ?? {}
  }

  close(): void {
    this.#socket.close()
  }

  /** The program is at its end, and waits for DevTools to leave. All that it has told stands before its answer. */
  async programEnded(): Promise<void> {
    await this.send(LAST_CALL, 'Runtime.getHeapUsage')
    this.#finish('The program has ended')
  }

  #finish(reason: string): void {
    this.#end ??= reason
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  async #find(wanted: string, matches: (call: Call) => boolean): Promise<Call> {
    while (true) {
      const found = this.#calls.find(matches)
      if (found !== undefined) return found
      if (this.#end !== undefined) {
        const told = this.#calls.map(({ method, id }) => method ?? `answer ${id}`).join(', ')
        throw new Error(`${this.#end} without ${wanted}. It has told: ${told}`)
      }
      await new Promise<void>(resolve => this.#waiting.add(resolve))
    }
  }
}

const LAST_CALL = 1000

/** The events that the inspector of Node.js takes from diagnostics channels. */
const EVENTS = ['webSocketCreated', 'webSocketHandshakeResponseReceived', 'webSocketClosed']

for (const name of ['node24', 'node26'] as const) {
  describe(`Chrome DevTools, on ${name}`, function () {
    this.timeout(INSTALL_LIMIT)
    const loopback = useLoopback()
    let executable: string
    let child: ChildProcessByStdio<null, Readable, Readable> | undefined
    before(async () => {
      executable = await ensureRuntime(name)
    })
    afterEach(() => child?.kill('SIGKILL'))

    /**
     * Starts a program that waits for DevTools, and closes its socket when it has received a message; returns their address.
     *
     * @param ended called when the program is at its end, and waits for DevTools to leave
     */
    async function inspected(url: string, ended: () => void = () => {}): Promise<string> {
      const program = `
        import { WebSocket } from 'whatwg-websocket'
        const socket = new WebSocket('${url}')
        socket.onmessage = () => socket.close(1000)`
      const flags = ['--inspect-wait=127.0.0.1:0', '--experimental-network-inspection', '--input-type=module']
      child = spawn(executable, [...flags, '--eval', program], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
      const lines = createInterface(child.stderr)
      lines.on('line', line => {
        if (line.includes('Waiting for the debugger to disconnect')) ended()
      })
      return await new Promise((resolve, reject) => {
        lines.on('line', line => {
          const address = /ws:\S+/.exec(line)?.[0]
          if (address !== undefined) resolve(address)
        })
        lines.on('close', () => reject(new Error('Node.js has told no address of its inspector')))
      })
    }

    it('are told when a socket is opened, the response, and when it is closed', async () => {
      const { url, accept } = await loopback.serve()
      const tools = new DevTools(await inspected(url, () => void tools.programEnded()))
      await tools.send(1, 'Network.enable')
      await tools.send(2, 'Runtime.runIfWaitingForDebugger')
      // The program ends with this message, so that an event which is missing is known to be missing.
      ;(await accept()).socket.send('enough')
      const created = await tools.event('Network.webSocketCreated')
      expect(created).to.include({ url })
      const { requestId, response } = await tools.event('Network.webSocketHandshakeResponseReceived')
      expect(requestId).to.equal(created.requestId)
      expect(response).to.include({ status: 101, statusText: 'Switching Protocols' })
      expect(response.headers).to.include({ upgrade: 'websocket' })
      expect((await tools.event('Network.webSocketClosed')).requestId).to.equal(created.requestId)
      tools.close()
      await once(child!, 'close')
    })

    it('show it in the Network panel of their own front end', async () => {
      const { url, accept } = await loopback.serve()
      const address = await inspected(`${url}chat?room=1`)
      const browser = await launchChromium()
      try {
        const page = await browser.newPage()
        await page.goto(`devtools://devtools/bundled/js_app.html?ws=${address.replace('ws://', '')}&panel=network`)
        const row = page.locator('.network-log-grid tr', { hasText: 'chat?room=1' })
        const peer = await accept()
        await row.filter({ hasText: '101' }).filter({ hasText: 'websocket' }).filter({ hasText: 'Pending' }).waitFor()
        await row.getByText('chat?room=1').click()
        await page.getByRole('tab', { name: 'Headers' }).click()
        await page.getByText('Switching Protocols').filter({ visible: true }).first().waitFor()
        peer.socket.send('enough')
        await row.filter({ hasNotText: 'Pending' }).waitFor()
      } finally {
        await browser.close()
      }
    })

    it('cannot be told of frames: Node.js has no event for them', async () => {
      // With one, the frames that our channel has are to be given to it, and docs/diagnostics.md says so.
      const program = `console.log(Object.keys(require('inspector').Network).filter(key => key.startsWith('webSocket')).join())`
      const { output } = await runProgram(executable, ['--experimental-network-inspection', '--eval', program])
      expect(output.trim().split(',')).to.have.members(EVENTS)
    })
  })
}
