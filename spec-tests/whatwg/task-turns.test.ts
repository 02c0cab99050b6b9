import { expect } from 'chai'
import { type ModuleEnded, runModule } from '../support/child.ts'
import { CLOSE, closeBody, frame, TEXT } from '../support/raw-server.ts'
import { bundledEntry } from '../support/root.ts'
import { useLoopback } from '../support/ws-server.ts'

/*
 * On Node.js many tasks run in one callback of the event loop, with a microtask checkpoint between two of them. Under
 * `--pending-deprecation` there is no checkpoint, and each task is an immediate. A program sees no difference, but that
 * immediates of its own come later than the tasks of the turn in the first case. Each way has its flags, whatever this process
 * runs with.
 */
const WAYS: readonly (readonly [name: string, flags: readonly string[]])[] = [
  ['with a microtask checkpoint', ['--no-pending-deprecation']],
  ['without a microtask checkpoint', ['--pending-deprecation']],
]

/** What each child begins with: `url`, a socket that is not open yet, and a log that it prints at the end. */
const PRELUDE = `
  import { AsyncLocalStorage, createHook } from 'node:async_hooks'
  const [, url, clock] = process.argv
  if (clock === 'stands still') Date.now = () => 0
  const { terminate, WebSocket } = await import('${bundledEntry}')
  const lines = []
  const note = line => lines.push(line)
  process.on('exit', () => console.log(lines.join('\\n')))
  // The thread sleeps, which costs no CPU time.
  const busy = milliseconds => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
  }
`

for (const [name, flags] of WAYS) {
  describe(`Tasks ${name}`, function () {
    this.timeout(60_000)
    const loopback = useLoopback()

    interface Circumstances {
      /** How many connections the program opens. Default: one. */
      readonly connections?: number
      /** Whether the server ends each connection. Default: true. */
      readonly ends?: boolean
      /** With a clock that stands still, no time passes for the tasks. */
      readonly clock?: 'stands still'
    }

    /** Runs a program. Each of its connections gets the frames in the packet of the 101. */
    async function run(
      script: string,
      frames: readonly Uint8Array[],
      { connections = 1, ends = true, clock }: Circumstances = {},
    ): Promise<ModuleEnded> {
      const server = await loopback.serveRaw()
      const child = runModule(PRELUDE + script, [server.url, clock ?? ''], flags)
      for (let count = 0; count < connections; count++) {
        const peer = await server.accept()
        await peer.write(Buffer.concat([peer.acceptance(), ...frames]))
        if (ends) peer.end()
      }
      return child
    }

    function expectLines({ exitCode, lines, errors }: ModuleEnded, expected: readonly string[]): void {
      expect(errors).to.equal('')
      expect(lines).to.deep.equal(expected)
      expect(exitCode).to.equal(0)
    }

    const texts = (...texts: string[]): Buffer[] => texts.map(text => frame(TEXT, text))
    const closing = frame(CLOSE, closeBody(1000))

    it('take that way', async () => {
      const script = `
        let immediates = 0
        createHook({ init: (id, type) => type === 'Immediate' && immediates++ }).enable()
        const socket = new WebSocket(url)
        socket.onclose = () => note(immediates > 100)
      `
      const frames = texts(...Array<string>(100).fill('message'))
      expectLines(await run(script, [...frames, closing]), [String(flags.includes('--pending-deprecation'))])
    })

    it('do all that one listener starts before the next', async () => {
      const script = `
        const socket = new WebSocket(url)
        for (const type of ['open', 'message', 'error', 'close']) {
          socket.addEventListener(type, async ({ data = type }) => {
            note(data)
            process.nextTick(() => {
              note(data + ' tick')
              queueMicrotask(() => process.nextTick(() => note(data + ' tick of a microtask of a tick')))
            })
            await null
            note(data + ' microtask')
            process.nextTick(() => note(data + ' tick of a microtask'))
          })
        }
      `
      const each = (name: string): string[] =>
        ['', ' tick', ' microtask', ' tick of a microtask', ' tick of a microtask of a tick'].map(what => name + what)
      const names = ['open', 'one', 'two', 'three', 'error', 'close']
      expectLines(await run(script, texts('one', 'two', 'three')), names.flatMap(each))
    })

    it('report an unhandled rejection before the next one', async () => {
      const script = `
        const storage = new AsyncLocalStorage()
        process.on('unhandledRejection', reason => note('unhandled ' + reason + ' in ' + storage.getStore()))
        for (const name of ['a', 'b']) {
          storage.run(name, () => {
            const socket = new WebSocket(url)
            socket.onmessage = async ({ data }) => {
              note(name + ' ' + data)
              throw name + ' ' + data
            }
          })
        }
      `
      const each = (name: string): string[] =>
        ['one', 'two'].flatMap(data => [`${name} ${data}`, `unhandled ${name} ${data} in ${name}`])
      expectLines(await run(script, [...texts('one', 'two'), closing], { connections: 2 }), [
        ...each('a'),
        ...each('b'),
      ])
    })

    it('end the process at an unhandled rejection, as elsewhere', async () => {
      const script = `
        const socket = new WebSocket(url)
        socket.onmessage = async ({ data }) => {
          note(data)
          throw new Error('nobody handles this')
        }
      `
      const { exitCode, lines, errors } = await run(script, texts('one', 'two'))
      expect({ exitCode, lines }).to.deep.equal({ exitCode: 1, lines: ['one'] })
      expect(errors).to.contain('Error: nobody handles this')
    })

    it('go on after exceptions of listeners and of ticks, which are reported first', async () => {
      const script = `
        process.on('uncaughtException', error => note('uncaught ' + error))
        const socket = new WebSocket(url)
        for (const type of ['open', 'message', 'error', 'close']) {
          socket.addEventListener(type, ({ data = type }) => {
            note(data)
            throw data
          })
          socket.addEventListener(type, ({ data = type }) => {
            process.nextTick(() => {
              throw data + ' in a tick'
            })
            process.nextTick(() => note(data + ' is over'))
          })
        }
      `
      const each = (name: string): string[] => [
        name,
        `uncaught ${name}`,
        `uncaught ${name} in a tick`,
        `${name} is over`,
      ]
      const names = ['open', 'one', 'two', 'error', 'close']
      const result = await run(script, texts('one', 'two'))
      if (flags.includes('--no-pending-deprecation')) return expectLines(result, names.flatMap(each))
      // Between two immediates, Node.js leaves the ticks behind an exception until later.
      expect(result.lines).to.have.members(names.flatMap(each))
      for (const name of names) {
        expect(result.lines.filter(line => each(name).includes(line))).to.deep.equal(each(name))
      }
      expect(result.lines.filter(line => names.includes(line))).to.deep.equal(names)
    })

    it('report an exception to the domain of their socket', async () => {
      const script = `
        const { create } = await import('node:domain')
        process.on('uncaughtException', error => note('uncaught ' + error.message))
        const sockets = ['none', 'a', 'b'].map(name => {
          const make = () => new WebSocket(url)
          if (name === 'none') return make()
          const domain = create()
          domain.on('error', error => note('domain ' + name + ': ' + error.message))
          return domain.run(make)
        })
        let open = 0
        for (const [index, socket] of sockets.entries()) {
          socket.onopen = () => {
            // All of them at the same time.
            if (++open === 3) sockets.forEach(terminate)
          }
          socket.onerror = () => {
            throw new Error(index)
          }
        }
      `
      const lines = ['uncaught 0', 'domain a: 1', 'domain b: 2']
      expectLines(await run(script, [], { connections: 3, ends: false }), lines)
    })

    it('have error and close in one, whatever time it takes, and whoever else waits', async () => {
      const script = `
        const sockets = ['a', 'b'].map(name => {
          const socket = new WebSocket(url)
          socket.onerror = () => {
            note(name + ' error')
            setTimeout(() => note('timer of ' + name))
            setImmediate(() => note('immediate of ' + name))
            queueMicrotask(() => note(name + ' microtask'))
            busy(20)
          }
          socket.onclose = () => note(name + ' close')
          return socket
        })
        let open = 0
        for (const socket of sockets) {
          socket.onopen = () => ++open === 2 && sockets.forEach(terminate)
        }
      `
      const { lines, errors } = await run(script, [], { connections: 2, ends: false })
      expect(errors).to.equal('')
      for (const name of ['a', 'b']) {
        const start = lines.indexOf(`${name} error`)
        const ours = [`${name} error`, `${name} microtask`, `${name} close`]
        expect(lines.slice(start, start + 3)).to.deep.equal(ours)
      }
      expect(lines).to.have.lengthOf(10)
    })

    it('let timers and other I/O have their turn after 512', async () => {
      const script = `
        const socket = new WebSocket(url)
        let count = 0
        socket.onmessage = () => {
          if (count++ === 0) setImmediate(() => setImmediate(() => note(count <= 1024)))
        }
        socket.onclose = () => note(count)
      `
      const frames = [...Array(3000).fill(frame(TEXT, 'x')), closing]
      expectLines(await run(script, frames, { clock: 'stands still' }), ['true', '3000'])
    })

    it('let timers have their turn after a few milliseconds of listeners', async () => {
      const script = `
        const socket = new WebSocket(url)
        let count = 0
        let most = 0
        let before = 41
        const measure = () => {
          most = Math.max(most, count - before)
          before = count
          if (socket.readyState < 3) setTimeout(measure, 1)
        }
        socket.onmessage = () => {
          // The first ones are quick.
          if (count++ === 40) measure()
          if (count > 40) busy(2)
        }
        socket.onclose = () => {
          note(count)
          note(most <= 40 ? 'in turn' : most + ' messages without a turn')
        }
      `
      // All of the messages wait at the same time.
      expectLines(await run(script, [...Array(190).fill(frame(TEXT, 'x')), closing]), ['190', 'in turn'])
    })

    it('may end sockets and make others', async () => {
      const script = `
        const first = new WebSocket(url)
        first.onmessage = ({ data }) => {
          note('first ' + data)
          if (data !== 'two') return
          terminate(first)
          const second = new WebSocket(url)
          second.onmessage = ({ data }) => note('second ' + data)
          second.onclose = ({ code }) => note('second close ' + code)
        }
        first.onclose = ({ code }) => note('first close ' + code)
      `
      expectLines(await run(script, texts('one', 'two', 'three'), { connections: 2 }), [
        'first one',
        'first two',
        'first close 1006',
        'second one',
        'second two',
        'second three',
        'second close 1006',
      ])
    })
  })
}

describe('Undocumented functions of a runtime', () => {
  const loopback = useLoopback()

  /** Two sockets with an async context each, in a process that was changed before it loaded the package. */
  async function expectOrder(change: string): Promise<void> {
    const script = `
      import { AsyncLocalStorage } from 'node:async_hooks'
      const [, url] = process.argv
      ${change}
      const { WebSocket } = await import('#lib/entry/node.js')
      const storage = new AsyncLocalStorage()
      for (const name of ['a', 'b']) {
        storage.run(name, () => {
          const socket = new WebSocket(url)
          socket.onmessage = async ({ data }) => {
            console.log(data, 'in', storage.getStore())
            process.nextTick(() => console.log(data, 'tick'))
            await null
            console.log(data, 'microtask')
          }
        })
      }
    `
    const server = await loopback.serveRaw()
    const child = runModule(script, [server.url])
    for (let count = 0; count < 2; count++) {
      const peer = await server.accept()
      await peer.write(Buffer.concat([peer.acceptance(), frame(TEXT, 'one'), frame(TEXT, 'two'), frame(CLOSE)]))
      peer.end()
    }
    const { exitCode, lines, errors } = await child
    expect(errors).to.equal('')
    const each = (name: string): string[] =>
      ['one', 'two'].flatMap(data => [`${data} in ${name}`, `${data} tick`, `${data} microtask`])
    expect(lines).to.deep.equal([...each('a'), ...each('b')])
    expect(exitCode).to.equal(0)
  }

  const changes: Record<string, string> = {
    'that are missing are not used': 'process._tickCallback = undefined',
    'that have another name are not used': 'process._tickCallback = function other() { throw new Error("called") }',
    'that do nothing are not used': 'process._tickCallback = function runNextTicks() {}',
    'that do something else are not used': `
      process._tickCallback = undefined
      const core = { runNextTicks() {}, getAsyncContext() {}, setAsyncContext() {} }
      const internal = Symbol('internal')
      globalThis.Deno = { internal, [internal]: { core } }
    `,
    'that lose the context are not used': `
      const core = { getAsyncContext() { throw new Error('lost') }, setAsyncContext() {} }
      const internal = Symbol('internal')
      globalThis.Deno = { internal, [internal]: { core } }
    `,
  }
  for (const [name, change] of Object.entries(changes)) it(name, () => expectOrder(change))
})
