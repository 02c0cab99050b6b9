import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { RunningModule, RunningProgram } from '../support/child.ts'
import { ensureFaketime, faketimeEnvironment } from '../support/faketime.ts'
import { CLOSE, closeBody, PING, PONG, TEXT } from '../support/raw-server.ts'
import { ensureRuntime, INSTALL_LIMIT } from '../support/runtimes.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { useLoopback } from '../support/ws-server.ts'

const client = fileURLToPath(new URL('./clock-client.js', import.meta.url))

/** Milliseconds of the time limits where the client is stopped, and for how long. */
const SHORT_LIMIT = 1000
const STOP = 1500

/** Changes a clock, or stops the client, while `during` happens, which nobody may take for a silence of the server. */
type Disturbance = (during: () => Promise<unknown>) => Promise<void>

const SERVER = `
  import { createInterface } from 'node:readline'
  import { WebSocketServer } from 'ws'
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => console.log(server.address().port))
  server.on('connection', socket => socket.on('message', data => socket.send(String(data))))
  createInterface(process.stdin).on('close', () => process.exit())
`

// Signals and Debian's libfaketime.
if (process.platform === 'linux') {
  for (const name of ['node20', 'node26', 'bun', 'deno'] as const) {
    describe(`Clocks and sleep, on ${name}`, function () {
      this.timeout(60_000)
      const loopback = useLoopback()
      let executable = ''
      let faketime = ''
      before(async function () {
        this.timeout(INSTALL_LIMIT)
        executable = await ensureRuntime(name)
        faketime = ensureFaketime()
      })

      function start(url: string, options: object, environment?: NodeJS.ProcessEnv): RunningProgram {
        const flags = name === 'deno' ? ['run', '--quiet', '--allow-all'] : []
        const program = new RunningProgram(executable, [...flags, client, url, JSON.stringify(options)], environment)
        loopback.afterwards(() => program.end())
        return program
      }

      /**
       * Disturbs an opening handshake, an idle connection, a ping that is not answered yet, and a closing handshake.
       *
       * @param pings whether a ping is due when the idle connection was disturbed
       */
      async function expectAlive(
        limit: number,
        pings: boolean,
        environment: NodeJS.ProcessEnv | undefined,
        makeDisturbance: (program: RunningProgram) => Disturbance,
      ): Promise<void> {
        const server = await loopback.serveRaw()
        const heartbeat = { interval: limit, timeout: limit }
        const program = start(server.url, { handshakeTimeout: limit, closeTimeout: limit, heartbeat }, environment)
        const disturb = makeDisturbance(program)
        const peer = await server.accept()
        await disturb(() => peer.accept())
        expect(await program.line()).to.equal('open')

        await disturb(() => Promise.resolve())
        if (pings) {
          const { opcode, payload } = await peer.readFrame()
          expect(opcode).to.equal(PING)
          await disturb(() => peer.send(PONG, payload))
        }
        await peer.send(TEXT, 'alive')
        expect(await program.line()).to.equal('message alive')

        program.write('close')
        for (let opcode = PING; opcode !== CLOSE; opcode = (await peer.readFrame()).opcode);
        await disturb(() => peer.send(CLOSE, closeBody(1000)))
        peer.end()
        expect(await program.line()).to.equal('close 1000 true')
      }

      for (const [what, clocks, step] of [
        ['all clocks jump ahead, as in a machine that was suspended', 'all', 10],
        ['the wall clock is set ahead', 'wall', 10],
        ['the wall clock is set back', 'wall', -10],
      ] as const) {
        it(`nothing is given up when ${what}`, async () => {
          const file = join(makeFolder(), 'offset')
          let minutes = 0
          const set = (): void => writeFileSync(file, `${minutes < 0 ? '-' : '+'}${Math.abs(minutes)}m\n`)
          set()
          await expectAlive(
            20_000,
            clocks === 'all',
            faketimeEnvironment(faketime, file, clocks),
            program => async during => {
              minutes += step
              set()
              expect(await program.line()).to.equal('jumped')
              await during()
            },
          )
        })
      }

      it('nothing is given up when the process is stopped for longer than its time limits', async () => {
        await expectAlive(SHORT_LIMIT, true, undefined, program => async during => {
          program.stop()
          await sleep(STOP)
          await during()
          program.wake()
        })
      })

      it('a closing handshake takes the long turns of a busy event loop for its last look alone', async () => {
        const server = await loopback.serveRaw()
        const program = start(server.url, { closeTimeout: 100 })
        const peer = await server.accept()
        await peer.accept()
        expect(await program.line()).to.equal('open')
        program.write('close busily')
        expect(await program.line()).to.equal('close 1006 false WS_ERR_CLOSE_TIMEOUT')
        // 16 timers have a turn each. Deno looks for 130 turns at last and for few of them three times, the others for 8 each time.
        expect(Number.parseInt((await program.line())!.slice('turns '.length), 10)).to.be.below(
          name === 'deno' ? 200 : 80,
        )
      })

      it('a server that is stopped, and goes on within the time limits, is not given up', async () => {
        const server = new RunningModule(SERVER)
        loopback.afterwards(() => server.end())
        const url = `ws://127.0.0.1:${await server.line()}/`
        for (const options of [{}, { heartbeat: { interval: 100, timeout: 30_000 } }]) {
          const program = start(url, options)
          expect(await program.line()).to.equal('open')
          server.stop()
          program.write('send')
          await sleep(STOP)
          server.wake()
          expect(await program.line()).to.equal('message hello')
          program.write('close')
          expect(await program.line()).to.equal('close 1000 true')
        }
      })
    })
  }
}
