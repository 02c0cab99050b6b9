/** The scenarios with a WebSocket, of any implementation. */
import { setImmediate } from 'node:timers'
import { measureIdle, measureOneByOne } from './connections.ts'
import { begin, checkAnswer, end, fail, type Measurement, percentile } from './measuring.ts'
import { isSame, messagesOf } from './payloads.ts'
import { type Scenario, warmUpOf } from './scenarios.ts'

/** The part of a WebSocket that is used here. */
interface Socket {
  readonly extensions: string
  binaryType: string
  bufferedAmount: number
  onopen: unknown
  onmessage: ((event: { data: any }) => void) | null
  onerror: unknown
  onclose: unknown
  send(data: unknown): void
  close(): void
}
export type SocketClass = new (url: string, options?: unknown) => Socket

/** Opens a connection for a scenario. */
type Open = () => Promise<Socket>

/** @param onOpen is called with the first connection, to check it */
export async function measureSockets(
  scenario: Scenario,
  WebSocket: SocketClass,
  url: string,
  onOpen: (socket: Socket) => void,
): Promise<Measurement> {
  const open: Open = () =>
    new Promise(resolve => {
      const socket = new WebSocket(url)
      socket.binaryType = scenario.binaryType ?? 'arraybuffer'
      socket.onerror = () => fail('failed', 'the connection failed')
      socket.onopen = () => resolve(socket)
    })
  if (scenario.kind === 'connect') return measureOneByOne(scenario, () => openAndClose(open))
  if (scenario.kind === 'idle') return idle(scenario, open)
  const socket = await open()
  onOpen(socket)
  if (scenario.kind === 'receive') return receive(scenario, socket)
  return scenario.kind === 'send' ? send(scenario, socket) : echo(scenario, socket)
}

async function receive(scenario: Scenario, socket: Socket): Promise<Measurement> {
  const messages = messagesOf(scenario)
  const { length } = messages[0]!
  const warmUp = warmUpOf(scenario)
  const last = warmUp + scenario.count
  const watch = scenario.delay ? watchDelay() : undefined
  return new Promise(resolve => {
    let received = 0
    socket.onmessage = ({ data }) => {
      const index = received++
      if (index < messages.length) check(data, index)
      // Further messages are only checked for their length, which is the same for all messages of a scenario.
      else if ((typeof data === 'string' ? data.length : (data.byteLength ?? data.size)) !== length) {
        fail('content', `message ${index} has a wrong length`)
      }
      if (received === warmUp) begin()
      else if (received === last) {
        const measurement = { ...end(scenario.count), ...watch?.() }
        check(data, index)
        resolve(measurement)
      }
    }
    socket.send('go')
  })

  function check(data: unknown, index: number): void {
    const expected = messages[index % messages.length]!
    if (data instanceof Blob) {
      void data.arrayBuffer().then(bytes => {
        if (!isSame(bytes, expected)) fail('content', `message ${index} is not what was sent`)
      })
    } else if (!isSame(data, expected)) fail('content', `message ${index} is not what was sent`)
  }
}

/** Records how late a timer of 1 ms fires, until the returned function is called. Uses only what all runtimes have. */
function watchDelay(): () => Measurement {
  const late: number[] = []
  let due = performance.now() + 1
  const timer = setInterval(() => {
    const now = performance.now()
    late.push(Math.max(0, now - due))
    due = now + 1
  }, 1)
  return () => {
    clearInterval(timer)
    // A loop that was blocked to the end has no sample but this one.
    late.push(Math.max(0, performance.now() - due))
    return { delay50: percentile(late, 0.5), delay99: percentile(late, 0.99) }
  }
}

async function send(scenario: Scenario, socket: Socket): Promise<Measurement> {
  const messages = messagesOf(scenario)
  const batch = scenario.batch!
  const limit = Math.max(4 * 1024 * 1024, scenario.size * batch)
  let sent = 0
  const phase = (count: number): Promise<void> =>
    new Promise(resolve => {
      const target = sent + count
      socket.onmessage = ({ data }) => {
        checkAnswer(data)
        resolve()
      }
      const turn = (): void => {
        for (let index = 0; index < batch && sent < target; index++) socket.send(messages[sent++ % messages.length])
        if (sent === target) return
        if (socket.bufferedAmount > limit) setTimeout(turn, 1)
        else setImmediate(turn)
      }
      turn()
    })
  socket.onclose = () => fail('failed', 'the server hung up')
  await phase(warmUpOf(scenario))
  begin()
  await phase(scenario.count)
  return end(scenario.count)
}

async function echo(scenario: Scenario, socket: Socket): Promise<Measurement> {
  const messages = messagesOf(scenario)
  const warmUp = warmUpOf(scenario)
  const total = warmUp + scenario.count
  const batch = scenario.batch!
  return new Promise(resolve => {
    const trips: number[] = []
    let received = 0
    let sent = 0
    // Only one message of a batch is timed, so that reading the clock does not add to the figure.
    let sentAt = 0
    const sendOne = (): void => {
      if (sent % batch === 0) sentAt = performance.now()
      socket.send(messages[sent++ % messages.length])
    }
    socket.onmessage = ({ data }) => {
      const index = received++
      if (index < messages.length && !isSame(data, messages[index]))
        fail('content', `message ${index} came back changed`)
      if (index % batch === 0 && index >= warmUp) trips.push((performance.now() - sentAt) * 1000)
      if (received === warmUp) begin()
      if (received === total) {
        resolve({ ...end(scenario.count), trip50: percentile(trips, 0.5), trip99: percentile(trips, 0.99) })
      } else if (sent < total) sendOne()
    }
    for (let index = 0; index < batch && sent < total; index++) sendOne()
  })
}

async function openAndClose(open: Open): Promise<void> {
  const socket = await open()
  await new Promise(resolve => {
    socket.onclose = resolve
    socket.close()
  })
}

const BROADCASTS = 5

/** Idle connections: memory and time to open for each, then the time of a message that the server sends to all. */
async function idle(scenario: Scenario, open: Open): Promise<Measurement> {
  const { measurement, sockets } = await measureIdle(scenario, open)
  return { ...measurement, broadcast: await broadcast(sockets, messagesOf(scenario)[0]!) }
}

async function broadcast(sockets: readonly Socket[], message: unknown): Promise<number> {
  const once = (): Promise<void> =>
    new Promise(resolve => {
      let left = sockets.length
      for (const socket of sockets) {
        socket.onmessage = ({ data }) => {
          if (!isSame(data, message as string)) fail('content', 'the broadcast is not what was sent')
          if (--left === 0) resolve()
        }
      }
      sockets[0]!.send('go')
    })
  await once()
  begin()
  for (let index = 0; index < BROADCASTS; index++) await once()
  return end(BROADCASTS * sockets.length).cpu!
}
