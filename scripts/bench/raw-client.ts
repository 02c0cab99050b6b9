/**
 * The scenarios with a bare socket, which carries the same bytes as a WebSocket would, with one write per batch of frames. Its
 * CPU time is the lower bound for clients.
 */
import { Buffer } from 'node:buffer'
import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers'
import { connect as connectSecurely } from 'node:tls'
import { measureIdle, measureOneByOne } from './connections.ts'
import { begin, checkAnswer, end, fail, type Measurement, percentile } from './measuring.ts'
import { firstByteOf, frame, framesOf, messagesOf, payloadsOf } from './payloads.ts'
import { type Scenario, warmUpOf } from './scenarios.ts'

export async function runRaw(scenario: Scenario, port: number): Promise<Measurement> {
  const open = (): Promise<Socket> => openSocket(scenario, port)
  if (scenario.kind === 'connect') return measureOneByOne(scenario, () => openAndClose(open))
  if (scenario.kind === 'idle') return (await measureIdle(scenario, open)).measurement
  const socket = await open()
  socket.once('close', () => fail('failed', 'the server hung up'))
  if (scenario.kind === 'receive') return receive(scenario, socket)
  return scenario.kind === 'send' ? send(scenario, socket) : echo(scenario, socket)
}

function openSocket(scenario: Scenario, port: number): Promise<Socket> {
  return new Promise(resolve => {
    const options = { port, host: '127.0.0.1', noDelay: true }
    const socket = scenario.secure ? connectSecurely(options) : connect(options)
    socket.on('error', error => fail('failed', String(error)))
    const extension = scenario.compressed ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : ''
    socket.write(
      `GET /${encodeURIComponent(scenario.name)} HTTP/1.1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${extension}\r\n`,
    )
    socket.once('data', () => resolve(socket))
  })
}

async function receive(scenario: Scenario, socket: Socket): Promise<Measurement> {
  const each = (await framesOf(scenario)).length / messagesOf(scenario).length
  const start = Math.floor(each * warmUpOf(scenario))
  const last = Math.floor(each * (warmUpOf(scenario) + scenario.count))
  return new Promise(resolve => {
    let length = 0
    let begun = false
    socket.on('data', chunk => {
      length += chunk.length
      if (!begun && length >= start) {
        begun = true
        begin()
      }
      if (length >= last) resolve(end(scenario.count))
    })
    socket.write(masked(Buffer.from('go'), 0x81))
  })
}

async function send(scenario: Scenario, socket: Socket): Promise<Measurement> {
  const frames = (await payloadsOf(scenario)).map(payload => masked(payload, firstByteOf(scenario)))
  // The bytes of each batch are built once: batches start at few different positions in the rotation of messages.
  const blocks = new Map<string, Buffer>()
  const blockAt = (start: number, count: number): Buffer => {
    const key = `${start % frames.length} ${count}`
    let block = blocks.get(key)
    if (block === undefined) {
      block = Buffer.concat(Array.from({ length: count }, (_, index) => frames[(start + index) % frames.length]!))
      blocks.set(key, block)
    }
    return block
  }
  let sent = 0
  const phase = (count: number): Promise<void> =>
    new Promise(resolve => {
      const target = sent + count
      socket.once('data', chunk => {
        // The payload begins after the two bytes of the header.
        checkAnswer(chunk.toString('latin1', 2))
        resolve()
      })
      const turn = (): void => {
        const now = Math.min(scenario.batch!, target - sent)
        const ready = socket.write(blockAt(sent, now))
        sent += now
        if (sent === target) return
        if (ready) setImmediate(turn)
        else socket.once('drain', turn)
      }
      turn()
    })
  await phase(warmUpOf(scenario))
  begin()
  await phase(scenario.count)
  return end(scenario.count)
}

function echo(scenario: Scenario, socket: Socket): Promise<Measurement> {
  const messages = messagesOf(scenario).map(message => masked(Buffer.from(message as string), 0x81))
  const answer = frame(0x81, Buffer.from(messagesOf(scenario)[0] as string)).length
  const warmUp = warmUpOf(scenario)
  const total = warmUp + scenario.count
  return new Promise(resolve => {
    const trips: number[] = []
    let received = 0
    let bytes = 0
    let sent = 0
    let sentAt = 0
    const sendSome = (count: number): void => {
      sentAt = performance.now()
      socket.write(Buffer.concat(Array.from({ length: count }, () => messages[sent++ % messages.length]!)))
    }
    socket.on('data', chunk => {
      bytes += chunk.length
      const count = Math.floor(bytes / answer)
      bytes -= count * answer
      if (received < warmUp && received + count >= warmUp) begin()
      received += count
      if (received > warmUp) trips.push((performance.now() - sentAt) * 1000)
      if (received >= total) {
        resolve({ ...end(scenario.count), trip50: percentile(trips, 0.5), trip99: percentile(trips, 0.99) })
        return
      }
      const now = Math.min(count, total - sent)
      if (now > 0) sendSome(now)
    })
    sendSome(Math.min(scenario.batch!, total))
  })
}

/** Opens with a request and closes with a Close frame, the least that a WebSocket exchanges. */
async function openAndClose(open: () => Promise<Socket>): Promise<void> {
  const socket = await open()
  socket.resume()
  await new Promise(resolve => {
    socket.once('close', resolve)
    socket.write(masked(Buffer.alloc(0), 0x88))
  })
}

/** A client frame with a masking key of zeros: as long as any client frame, without the cost of masking. */
function masked(payload: Buffer, first: number): Buffer {
  const plain = frame(first, payload)
  const header = plain.length - payload.length
  plain[1]! |= 0x80
  return Buffer.concat([plain.subarray(0, header), Buffer.alloc(4), payload])
}
