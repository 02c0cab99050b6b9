import type { WireFrame } from '../codec/frame-scanner.ts'
import { CLOSE } from '../codec/opcodes.ts'
import { host } from '../host/host.ts'
import type { CloseStatus } from '../protocol/close.ts'
import { readCloseBody } from '../protocol/close.ts'
import { withName } from '../protocol/close-names.ts'
import type { CloseResult } from '../protocol/connection.ts'
import type { Direction } from '../protocol/watched-pipe.ts'
import type { HeaderList } from '../transport/pipe.ts'

const OPCODES: Readonly<Record<number, string>> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
}

/** The host's console. The types of some hosts have none. */
const { console } = globalThis as unknown as { console: { error(text: string): void } }

/** Sockets that were printed so far, so that each has a number. */
const printed = { sockets: 0 }

/** Prints the events of one socket: `>` for outgoing, `<` for incoming. The content of messages is not printed. */
export class DebugLog {
  readonly #number: number = ++printed.sockets

  line(text: string): void {
    // Line breaks would let a server forge lines.
    console.error(`websocket ${this.#number}: ${text.replace(/[\p{Cc}\u2028\u2029]/gu, '\u{fffd}')}`)
  }

  head(arrow: string, start: string, headers: HeaderList): void {
    this.line(`${arrow} ${start}`)
    for (const [name, value] of headers) this.line(`${arrow} ${name}: ${value}`)
  }

  frame(direction: Direction, { opcode, fin, rsv1, length, payload }: WireFrame): void {
    const name = OPCODES[opcode] ?? `opcode ${opcode}`
    const flags = `${fin ? ' FIN' : ''}${rsv1 ? ' RSV1' : ''}`
    const status = opcode === CLOSE && payload.length > 0 ? readCloseBody(host.platform, payload) : undefined
    const content = typeof status === 'object' ? `: ${describe(status)}` : ''
    this.line(`${direction === 'sent' ? '>' : '<'} ${name}${flags}, ${length} bytes${content}`)
  }

  closed(closure: CloseResult): void {
    this.line(`CLOSED ${describe(closure)}${closure.error ? ', not cleanly' : ''}`)
  }
}

function describe({ code, reason }: CloseStatus): string {
  return reason === '' ? withName(code) : `${withName(code)} "${reason}"`
}
