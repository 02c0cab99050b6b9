import { type ChildProcess, spawn } from 'node:child_process'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Answer, Order, PeerReport } from './peer-process.ts'
import type { Schedule } from './schedule.ts'
import { type Way, ways } from './way.ts'

/** One connection through the proxy. */
export interface FaultyRoute {
  readonly url: string
  /** The options that lead there. */
  readonly options: {
    readonly tls?: { readonly ca: string }
    readonly proxy?: string | { readonly url: string; readonly tls: { readonly ca: string } }
    readonly http2?: 'only'
    readonly connectInParallel?: true
  }
  /** Waits until the client has left, and tells how it went. To be called once. */
  report(): Promise<PeerReport>
}

/** Where the proxy listens, and by which address the client reaches that: another one where a network in between disturbs packets. */
export interface Place {
  readonly listens: string
  readonly reached: string
}

const LOOPBACK: Place = { listens: '127.0.0.1', reached: '127.0.0.1' }

/** The server and the proxy in front of it, in a process of their own. */
export class FaultyPeer {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: never) => void>()
  readonly #ready: Promise<string>
  readonly #host: string
  #lastId = 0

  private constructor(executable: string, place: Place) {
    this.#host = place.reached
    const program = fileURLToPath(new URL('./peer-process.js', import.meta.url))
    this.#child = spawn(executable, [program, place.listens, place.reached], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#ready = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', () => reject(new Error('The process with the server has ended')))
      createInterface(this.#child.stdout!).on('line', line => {
        const answer = JSON.parse(line) as Answer
        if ('authority' in answer) resolve(answer.authority)
        else this.#waiting.get(answer.id)!(answer as never)
      })
    })
    this.#ready.catch(() => {})
  }

  /** @param executable of Node.js. Default: that of this process */
  static async start(executable: string = process.execPath, place: Place = LOOPBACK): Promise<FaultyPeer> {
    const peer = new FaultyPeer(executable, place)
    await peer.#ready
    return peer
  }

  async route(schedule: Schedule, way: Way): Promise<FaultyRoute> {
    const { secure, proxy, http2 } = ways[way]
    const ca = await this.#ready
    const id = ++this.#lastId
    const { port, server } = await this.#ask<{ port: number; server: number }>({ id, schedule, way })
    const isSecureProxy = proxy === 'https'
    const proxyURL = `${proxy}://${this.#host}:${port}`
    return {
      // By its address, so that no name is looked up.
      url: `${secure && !isSecureProxy ? 'wss' : 'ws'}://${proxy === undefined ? `${this.#host}:${port}` : `127.0.0.1:${server}`}/${id}`,
      options: {
        ...(secure && !isSecureProxy && { tls: { ca } }),
        ...(http2 && { http2: 'only' }),
        // Behind proxies there is one server for all, whose openings would wait for those that fail.
        ...(proxy !== undefined && {
          proxy: isSecureProxy ? { url: proxyURL, tls: { ca } } : proxyURL,
          connectInParallel: true,
        }),
      },
      report: async () => {
        const { report } = await this.#ask<{ report: PeerReport }>({ id })
        this.#waiting.delete(id)
        return report
      },
    }
  }

  async close(): Promise<void> {
    const closed = new Promise(resolve => this.#child.once('close', resolve))
    this.#child.stdin!.end()
    await closed
  }

  #ask<Result>(order: Order): Promise<Result> {
    return new Promise(resolve => {
      this.#waiting.set(order.id, resolve as (answer: never) => void)
      this.#child.stdin!.write(`${JSON.stringify(order)}\n`)
    })
  }
}
