import type { WebSocketOptions } from '#lib/entry/node.js'
import { checkWrongName, equal, open, type Session, type Target } from '../checks.ts'
import { puma } from '../puma.ts'
import type { Row } from '../row.ts'

const BURST = 200
const identifier = JSON.stringify({ channel: 'Room' })

interface Subscription {
  readonly session: Session
  perform(action: string, data?: object): void
  /** The text of the next message of the channel. */
  next(): Promise<string>
}

type Where = readonly [options?: WebSocketOptions, origin?: string]

/** A client of Action Cable that has subscribed to a channel. */
async function subscribe(target: Target, ...[options, origin]: Where): Promise<Subscription> {
  const protocols = ['actioncable-v1-json', 'actioncable-unsupported']
  const session = await open(target, { protocols, origin: 'https://page.test', ...options }, origin)
  const arrived: any[] = []
  let wake = (): void => {}
  session.socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data as string)
    if (message.type === 'ping') return
    arrived.push(message)
    wake()
  })
  const receive = async (): Promise<any> => {
    while (arrived.length === 0) await new Promise<void>(resolve => (wake = resolve))
    return arrived.shift()
  }
  equal((await receive()).type, 'welcome')
  const send = (command: object): void => session.socket.send(JSON.stringify({ identifier, ...command }))
  send({ command: 'subscribe' })
  equal((await receive()).type, 'confirm_subscription')
  return {
    session,
    perform: (action, data) => send({ command: 'message', data: JSON.stringify({ action, ...data }) }),
    next: async () => (await receive()).message.text,
  }
}

async function shout(target: Target, texts: readonly string[], ...where: Where): Promise<undefined> {
  const { session, perform, next } = await subscribe(target, ...where)
  for (const text of texts) {
    perform('shout', { text })
    equal(await next(), text)
  }
  await session.close()
}

export const row: Row = {
  name: 'Action Cable (Rails), with Puma',
  debian: ['ruby-actioncable', 'puma'],
  command: settings => puma('action-cable.ru', settings),
  lacks: {
    binary: 'its messages are JSON',
    fragments: 'it sends none',
    compression: 'it has no extensions',
  },
  checks: {
    async text(target) {
      await shout(target, ['a', 'Grüße, 🐘', 'x'.repeat(70_000)])
      return 'Action Cable: subscribed to a channel, performed an action, received'
    },
    large: target => shout(target, ['x'.repeat(1 << 20)]),
    async subprotocol(target) {
      const { session } = await subscribe(target)
      equal(session.socket.protocol, 'actioncable-v1-json')
      await session.close()
      return undefined
    },
    async burst(target) {
      const { session, perform, next } = await subscribe(target)
      const texts = Array.from({ length: BURST }, (_, index) => `message ${index}`)
      for (const text of texts) perform('shout', { text })
      const received: string[] = []
      while (received.length < BURST) received.push(await next())
      // Its threads may take them in another order.
      equal(received.sort().join(), texts.sort().join())
      for (const text of texts) perform('shout', { text })
      await session.close()
      return undefined
    },
    async close(target) {
      const { session, perform, next } = await subscribe(target)
      perform('leave')
      for (let index = 0; index < 100; index++) equal(await next(), `last ${index}`)
      const { code, wasClean } = await session.closed
      equal(`${code} ${wasClean}`, '1000 true')
      return 'with 1000, behind a message that has the reason'
    },
    async wss(target) {
      const tls = { ca: target.authority }
      await shout(target, ['x'.repeat(1 << 20)], { tls }, `wss://localhost:${target.tlsPort}`)
      return await checkWrongName(target)
    },
    async drop(target) {
      const { session } = await subscribe(target)
      await target.kill()
      const { code, wasClean } = await session.closed
      equal(`${code} ${wasClean}`, '1006 false')
      return undefined
    },
  },
}
