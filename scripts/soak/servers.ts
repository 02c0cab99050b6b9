import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./server.js', import.meta.url))

/** A server process that can be killed, and started again. It has another port then, since its own may be in use. */
export class Server {
  #child: ChildProcess | undefined
  #port = 0
  /** How many times it was killed. */
  kills = 0

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/`
  }

  async start(): Promise<void> {
    const child = fork(program)
    this.#child = child
    this.#port = await new Promise<number>((resolve, reject) => {
      child.once('message', port => resolve(port as number))
      child.once('error', reject)
      child.once('exit', code => reject(new Error(`The server has ended with code ${code}`)))
    })
  }

  /** Kills the process, whose connections break, and starts another one. */
  async restart(): Promise<void> {
    this.kills++
    await this.stop()
    await this.start()
  }

  async stop(): Promise<void> {
    const child = this.#child!
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
}
