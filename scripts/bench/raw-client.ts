/** The floor: a bare socket that carries the same bytes as a WebSocket would, one read or write for a batch of frames. */
import { Buffer } from 'node:buffer'
import { connect, type Socket } from 'node:net'
import { frame, framesOf, messagesOf } from './payloads.ts'
import type { Scenario } from './scenarios.ts'

/** Runs a scenario of kind receive, send or echo; calls back where the counted part begins. */
export async function runRaw(scenario: Scenario, port: number, warmUp: number, begin: () => void): Promise<void> {
  const socket = await open(scenario, port)
  if (scenario.kind === 'receive') return receive(socket, scenario, warmUp, begin)
  if (scenario.kind === 'send') return send(socket, scenario, warmUp, begin)
  return echo(socket, scenario, warmUp, begin)
}

function open(scenario: Scenario, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    const extension = scenario.compressed ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : ''
    socket.write(
      `GET /${encodeURIComponent(scenario.name)} HTTP/1.1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${extension}\r\n`,
    )
    socket.once('data', () => resolve(socket))
  })
}

/** Bytes of so many messages from the server. */
async function lengthOf(scenario: Scenario, count: number): Promise<number> {
  return ((await framesOf(scenario)).length / messagesOf(scenario).length) * count
}

async function receive(socket: Socket, scenario: Scenario, warmUp: number, begin: () => void): Promise<void> {
  const start = await lengthOf(scenario, warmUp)
  const end = await lengthOf(scenario, warmUp + scenario.count)
  return new Promise(resolve => {
    let length = 0
    let begun = false
    socket.on('data', chunk => {
      length += chunk.length
      if (!begun && length >= start) {
        begun = true
        begin()
      }
      if (length >= end) resolve()
    })
    socket.write(masked(Buffer.from('go'), 1))
  })
}

async function send(socket: Socket, scenario: Scenario, warmUp: number, begin: () => void): Promise<void> {
  const messages = messagesOf(scenario)
  const opcode = scenario.payload === 'binary' ? 2 : 1
  const batch = scenario.batch!
  const frames = messages.map(message => masked(Buffer.from(message as string), opcode))
  const phase = (count: number): Promise<void> =>
    new Promise(resolve => {
      socket.once('data', () => resolve())
      let sent = 0
      const turn = (): void => {
        const now = Math.min(batch, count - sent)
        // All frames of a scenario have one length; what they say is compared for the first ones alone.
        const ready = socket.write(
          now === batch ? block : Buffer.concat(frames.slice(0, 1).flatMap(one => Array(now).fill(one))),
        )
        sent += now
        if (sent === count) return
        if (ready) setImmediate(turn)
        else socket.once('drain', turn)
      }
      const block = Buffer.concat(Array.from({ length: batch }, (_, index) => frames[index % frames.length]!))
      turn()
    })
  await phase(warmUp)
  begin()
  await phase(scenario.count)
}

function echo(socket: Socket, scenario: Scenario, warmUp: number, begin: () => void): Promise<void> {
  const messages = messagesOf(scenario).map(message => masked(Buffer.from(message as string), 1))
  const answer = frame(0x81, Buffer.from(messagesOf(scenario)[0] as string)).length
  const total = warmUp + scenario.count
  return new Promise(resolve => {
    let received = 0
    let bytes = 0
    let sent = 0
    socket.on('data', chunk => {
      bytes += chunk.length
      const count = Math.floor(bytes / answer)
      bytes -= count * answer
      if (received < warmUp && received + count >= warmUp) begin()
      received += count
      if (received >= total) return resolve()
      const now = Math.min(count, total - sent)
      if (now > 0) socket.write(Buffer.concat(Array.from({ length: now }, () => messages[sent++ % messages.length]!)))
    })
    const first = Math.min(scenario.batch!, total)
    socket.write(Buffer.concat(Array.from({ length: first }, () => messages[sent++ % messages.length]!)))
  })
}

/** A client frame, its masking key zero: the bytes on the wire are as many. */
function masked(payload: Buffer, opcode: number): Buffer {
  const plain = frame(0x80 | opcode, payload)
  const header = plain.length - payload.length
  plain[1]! |= 0x80
  return Buffer.concat([plain.subarray(0, header), Buffer.alloc(4), payload])
}
