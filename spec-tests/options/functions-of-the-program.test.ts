import { Agent } from 'node:http'
import { expect } from 'chai'
import { type FailureCode, failure, WebSocket, type WebSocketOptions } from '#lib/entry/node.js'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { turns } from '../support/turns.ts'
import { next, useLoopback } from '../support/ws-server.ts'

const loopback = useLoopback()

/** An option whose value is a function of the program, which gets arguments and gives something. */
interface Tried {
  readonly code: FailureCode
  readonly url?: string
  options(call: (...values: any[]) => any): WebSocketOptions
}

const tried: Record<string, Tried> = {
  connect: { code: 'WS_ERR_CONNECT', options: connect => ({ connect }) },
  upgrade: { code: 'WS_ERR_CONNECT', options: upgrade => ({ upgrade }) },
  'agent whose createConnection': {
    code: 'WS_ERR_CONNECT',
    options: createConnection => ({ agent: Object.assign(new Agent(), { createConnection }) }),
  },
  'agent whose addRequest': { code: 'WS_ERR_CONNECT', options: addRequest => ({ agent: { addRequest } }) },
  dispatcher: { code: 'WS_ERR_CONNECT', options: dispatch => ({ dispatcher: { dispatch } }) },
  lookup: { code: 'WS_ERR_DNS', options: lookup => ({ lookup }) },
  'lookup with HTTP/2': { code: 'WS_ERR_DNS', options: lookup => ({ lookup, http2: 'only' }) },
  'lookup for a proxy': { code: 'WS_ERR_DNS', options: lookup => ({ lookup, proxy: 'socks5://127.0.0.1:1' }) },
  allowAddress: {
    code: 'WS_ERR_ADDRESS_REFUSED',
    url: 'ws://127.0.0.1:8080/',
    options: allowAddress => ({ allowAddress }),
  },
}

/** Ways for a function to fail, each with what is thrown or rejected with. */
const thrown = new Error('thrown by the program')
const refuse = (): never => {
  throw new Error('thrown by reading')
}
/** An error whose members, class and text cannot be read. */
const unreadable = new Proxy(new Error('unreadable'), {
  get: refuse,
  getPrototypeOf: refuse,
  has: refuse,
  ownKeys: refuse,
})
const failing: Record<string, readonly [call: () => unknown, cause: unknown]> = {
  throws: [
    () => {
      throw thrown
    },
    thrown,
  ],
  'rejects, as an async function does': [() => Promise.reject(thrown), thrown],
  'rejects later': [() => turns(2).then(() => Promise.reject(thrown)), thrown],
  'throws what throws when it is read': [
    () => {
      throw unreadable
    },
    unreadable,
  ],
  'rejects with what throws when it is read': [() => Promise.reject(unreadable), unreadable],
  'gives a thenable that throws': [
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: that is what is tried
      then() {
        throw thrown
      },
    }),
    thrown,
  ],
}

async function failed(url: string, options: WebSocketOptions) {
  const socket = loopback.socket(url, options)
  await next(socket, 'close')
  // A rejection that nobody handles fails the test.
  await turns(3)
  return failure(socket)!
}

describe('Functions of the program in options', () => {
  for (const [option, { code, url = 'ws://server.test/', options }] of Object.entries(tried)) {
    for (const [how, [call, cause]] of Object.entries(failing)) {
      it(`${option}: one that ${how} fails its own socket, and the message names the option`, async () => {
        const error = await failed(url, options(call))
        expect(error.code).to.equal(code)
        expect(error.message).to.contain(`option "${option.split(' ')[0]}"`)
        // A promise is no answer for `allowAddress`, whatever becomes of it.
        if (option !== 'allowAddress' || how.startsWith('throws')) expect(error.cause === cause).to.equal(true)
      })
    }
  }

  it('allowAddress that throws for the address of the connection alone refuses it', async () => {
    const { url } = await loopback.serve()
    const answers = [true]
    const allowAddress = (): boolean => {
      const answer = answers.shift()
      if (answer === undefined) throw thrown
      return answer
    }
    const error = await failed(url, { allowAddress })
    expect([error.code, (error.cause as Error).cause ?? error.cause]).to.deep.equal(['WS_ERR_ADDRESS_REFUSED', thrown])
  })

  it('tls.checkServerIdentity that is an async function refuses the server, and its rejection is heard by nobody', async () => {
    const authority = await makeAuthority()
    const { port } = await loopback.serve({ tls: await makeCertificate({ authority }) })
    const checkServerIdentity = (): never => Promise.reject(thrown) as never
    const error = await failed(`wss://localhost:${port}/`, { tls: { ca: authority.cert, checkServerIdentity } })
    expect(error.message).to.contain('"tls.checkServerIdentity" must not return a promise')
  })

  it('tls.checkServerIdentity that gives or throws what throws when it is read refuses the server', async () => {
    const authority = await makeAuthority()
    const { port } = await loopback.serve({ tls: await makeCertificate({ authority }) })
    const throws = (): never => {
      throw unreadable
    }
    for (const checkServerIdentity of [() => unreadable, throws]) {
      const error = await failed(`wss://localhost:${port}/`, { tls: { ca: authority.cert, checkServerIdentity } })
      expect(error.code).to.equal('WS_ERR_TLS')
    }
  })

  it('a dispatcher whose request cannot be aborted does not hold up its socket', async () => {
    const controller = {
      abort(): never {
        throw thrown
      },
    }
    const dispatch = (_options: unknown, handler: { onRequestStart(controller: object): void }): boolean => {
      handler.onRequestStart(controller)
      return true
    }
    const socket = loopback.track(new WebSocket('ws://server.test/', { dispatcher: { dispatch } }))
    await turns(3)
    socket.close()
    await next(socket, 'close')
    expect(failure(socket)!.code).to.equal('WS_ERR_CLOSED_BEFORE_OPEN')
  })
})
