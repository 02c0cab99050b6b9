import type { EventEmitter } from 'node:events'
import * as ws from 'ws'
import type { InflateParameters } from '#lib/codec/compression.js'
import { type FrameHandler, FrameReader } from '#lib/codec/frame-reader.js'
import { nodePlatform } from '#lib/platform/node.js'
import { readCloseBody } from '#lib/protocol/close.js'
import { hex, lend, NO_LIMITS, short } from '../support/frame-recorder.ts'
import type { ServerStream } from './server-stream.ts'

/*
 * One stream, read by our reader and by that of ws, as lines of the same form: `text hello`, `binary 00ff`, `ping 01`,
 * `close 1000 bye`, `fail 1002`.
 */

export function readByUs({ bytes, deflate }: ServerStream): string[] {
  const recorder = new Recorder()
  const reader = new FrameReader(nodePlatform, recorder, NO_LIMITS, deflate)
  lend(bytes, lent => reader.read(lent))
  while (reader.paused) reader.resume()
  reader.stop()
  return recorder.lines
}

class Recorder implements FrameHandler {
  readonly lines: string[] = []

  onText(data: string): void {
    this.lines.push(`text ${short(data)}`)
  }

  onBinary(data: ArrayBuffer): void {
    this.lines.push(`binary ${short(hex(new Uint8Array(data)))}`)
  }

  onPing(payload: Uint8Array): void {
    this.lines.push(`ping ${hex(payload)}`)
  }

  onPong(payload: Uint8Array): void {
    this.lines.push(`pong ${hex(payload)}`)
  }

  onYield(): void {}

  onClose(payload: Uint8Array): void {
    const status = readCloseBody(nodePlatform, payload)
    this.lines.push(typeof status === 'number' ? `fail ${status}` : `close ${status.code} ${status.reason}`)
  }

  onViolation(closeCode: number): void {
    this.lines.push(`fail ${closeCode}`)
  }
}

/** What of ws has no types. */
interface WsReceiver extends EventEmitter {
  write(bytes: Uint8Array, callback: (error?: Error | null) => void): boolean
}
interface WsDeflate {
  accept(parameters: readonly object[]): unknown
  cleanup(): void
}
const { Receiver, PerMessageDeflate } = ws as unknown as {
  Receiver: new (options: object) => WsReceiver
  PerMessageDeflate: new (options: object) => WsDeflate
}

export async function readByWs({ bytes, deflate }: ServerStream): Promise<string[]> {
  const lines: string[] = []
  const extension = deflate === undefined ? undefined : acceptByWs(deflate)
  const extensions = extension === undefined ? {} : { 'permessage-deflate': extension }
  const receiver = new Receiver({ extensions, isServer: false, maxPayload: 0 })
  receiver.on('message', (data: Buffer, isBinary: boolean) => {
    lines.push(isBinary ? `binary ${short(hex(data))}` : `text ${short(data.toString())}`)
  })
  receiver.on('ping', (data: Buffer) => lines.push(`ping ${hex(data)}`))
  receiver.on('pong', (data: Buffer) => lines.push(`pong ${hex(data)}`))
  receiver.on('conclude', (code: number, reason: Buffer) => lines.push(`close ${code} ${reason}`))
  await new Promise<void>(resolve => {
    receiver.once('error', error => {
      lines.push(`fail ${statusOf(error)}`)
      resolve()
    })
    receiver.write(Buffer.from(bytes), error => {
      // An error comes as an event, too.
      if (error === null || error === undefined) resolve()
    })
  })
  extension?.cleanup()
  return lines
}

function acceptByWs({ serverNoContextTakeover, serverMaxWindowBits }: InflateParameters): WsDeflate {
  const extension = new PerMessageDeflate({ isServer: false, maxPayload: 0 })
  extension.accept([
    {
      ...(serverNoContextTakeover ? { server_no_context_takeover: [true] } : {}),
      server_max_window_bits: [String(serverMaxWindowBits)],
    },
  ])
  return extension
}

/** ws puts the close code behind a symbol of its own. */
function statusOf(error: object): unknown {
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code')
  return symbol === undefined ? error : (error as Record<symbol, unknown>)[symbol]
}
