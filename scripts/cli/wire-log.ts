import process from 'node:process'
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } from '#lib/codec/opcodes.js'
import type { HeaderList } from '#lib/transport/pipe.js'
import { clock } from './clock.ts'
import { describeClose } from './close-codes.ts'
import type { Colours } from './style.ts'
import { digits, printable } from './text.ts'
import type { Frame, Watcher } from './watch.ts'

const OPCODES: Readonly<Record<number, string>> = {
  [CONTINUATION]: 'continuation',
  [TEXT]: 'text',
  [BINARY]: 'binary',
  [CLOSE]: 'close',
  [PING]: 'ping',
  [PONG]: 'pong',
}

/**
 * Shows what is on the wire, a line at a time: `>` for what leaves, `<` for what arrives.
 *
 * @param level 1 for the opening handshake, 2 for the frames as well
 */
export function createWireLog(level: number, colours: Colours, print: (line: string) => void): Watcher | undefined {
  if (level === 0) return undefined
  const lines = (arrow: string, start: string, headers: HeaderList): void => {
    print(colours.dim(`${arrow} ${printable(start)}`))
    for (const [name, value] of headers) print(colours.dim(`${arrow} ${printable(`${name}: ${value}`)}`))
  }
  let isHttp2 = false
  return {
    request({ target, headers }) {
      // HTTP/2 has no such field (RFC 8441 section 5).
      isHttp2 = !headers.some(([name]) => name.toLowerCase() === 'upgrade')
      lines('>', isHttp2 ? `CONNECT ${target} HTTP/2` : `GET ${target} HTTP/1.1`, headers)
    },
    response({ status, statusText, headers }) {
      const words = [isHttp2 ? 'HTTP/2' : 'HTTP/1.1', status, statusText || reasonPhrase(status)]
      lines('<', words.join(' ').trimEnd(), headers)
    },
    frame: level < 2 ? undefined : frame => print(colours.dim(describeFrame(frame))),
  }
}

/** Of the standard, for HTTP/2, which sends none. The module is loaded here, since it takes long. */
function reasonPhrase(status: number): string | undefined {
  return process.getBuiltinModule('node:http').STATUS_CODES[status]
}

/** Such as `> 12:00:00.000 text FIN RSV1 MASK 17 bytes`. */
export function describeFrame({ direction, time, ...frame }: Frame): string {
  const { opcode, fin, rsv1, rsv2, rsv3, masked, length, payload } = frame
  const flags = [fin && 'FIN', rsv1 && 'RSV1', rsv2 && 'RSV2', rsv3 && 'RSV3', masked && 'MASK'].filter(Boolean)
  const name = OPCODES[opcode] ?? `opcode ${opcode}`
  const words = [
    direction === 'sent' ? '>' : '<',
    clock(new Date(time)),
    name,
    ...flags,
    digits(length),
    length === 1 ? 'byte' : 'bytes',
  ]
  const content = opcode < CLOSE || payload.length === 0 ? '' : `: ${describePayload(opcode, payload)}`
  return words.join(' ') + content
}

function describePayload(opcode: number, payload: Uint8Array): string {
  const decoder = new TextDecoder()
  if (opcode !== CLOSE) return printable(JSON.stringify(decoder.decode(payload)))
  if (payload.length < 2) return 'ill-formed'
  return describeClose((payload[0]! << 8) | payload[1]!, decoder.decode(payload.subarray(2)))
}
