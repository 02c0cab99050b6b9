import type { EventEmitter } from 'node:events'
import * as ws from 'ws'
import type { InflateParameters } from '#lib/codec/compression.js'
import { nodePlatform } from '#lib/platform/node.js'
import { readCloseBody } from '#lib/protocol/close.js'
import { FrameRecorder, hex, short } from '../support/frame-recorder.ts'
import { readStream } from './read-stream.ts'
import type { Cuts, ServerStream } from './server-stream.ts'

/*
 * One stream, read by our reader and by that of ws, as lines of the same form: `text hello`, `binary 00ff`, `ping 01`,
 * `close 1000 bye`, `fail 1002`.
 */

export function readByUs(stream: ServerStream, sizes?: Cuts): string[] {
  return readStream(stream, { recorder: new Recorder(), ...(sizes === undefined ? {} : { sizes }) }).events
}

/** As a connection understands Close frames. */
class Recorder extends FrameRecorder {
  override onClose(payload: Uint8Array): void {
    const status = readCloseBody(nodePlatform, payload)
    this.events.push(typeof status === 'number' ? `fail ${status}` : `close ${status.code} ${status.reason}`)
  }

  override onViolation(closeCode: number): void {
    this.events.push(`fail ${closeCode}`)
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
