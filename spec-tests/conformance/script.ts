import type { WebSocket } from '#lib/entry/node.js'
import { CLOSE, closeBody, frame, PING, PONG, TEXT } from '../support/raw-server.ts'
import type { ConformanceCase, FrameStep, Message, Outcome, Script, Step } from './case.ts'

/* The words that scripts are written in. */

/** Sends bytes, all at once or so many at a time. */
export function send(bytes: Uint8Array | readonly Uint8Array[], chop: number = Number.POSITIVE_INFINITY): Step {
  return { kind: 'send', bytes: bytes instanceof Uint8Array ? bytes : Buffer.concat(bytes), chop }
}

/** Sends a message compressed, in frames of at most so many bytes. */
export function sendCompressed(message: Message, fragment = Number.POSITIVE_INFINITY, chop = fragment): Step {
  return { kind: 'send compressed', message, fragment, chop }
}

/** The client's user gets the message, and sends it back in one frame. */
export function echo({ opcode, payload }: Message): FrameStep {
  return { kind: 'frame', opcode, payload, compressed: false, echo: true }
}

/** The same, and the client sends it compressed. */
export function echoCompressed(message: Message): FrameStep {
  return { ...echo(message), compressed: true }
}

/** The client sends a frame that is no echo. */
export function receive(opcode: number, payload: string | Uint8Array = ''): FrameStep {
  return { kind: 'frame', opcode, payload: Buffer.from(payload), compressed: false, echo: false }
}

/** The client's user gets the message, but can no longer send it back. */
export function delivered(message: Message): Step {
  return { kind: 'delivered', message }
}

/** The client has done nothing yet. */
export const silent: Step = { kind: 'silent' }

/** The client sends its FIN, and nothing before it. */
export const clientEnds: Step = { kind: 'client ends' }

/** The server sends its FIN. */
export const end: Step = { kind: 'end' }

/** The server drops the connection with a TCP RST. */
export const reset: Step = { kind: 'reset' }

/** The client drops the connection, by FIN or RST. */
export const dropped: Step = { kind: 'dropped' }

/** The client's user does something. */
export function act(action: (socket: WebSocket) => void): Step {
  return { kind: 'act', act: action }
}

export function text(content: string): Message {
  return { opcode: TEXT, payload: Buffer.from(content) }
}

/** The client answers a ping: it is alive, and has read all that was sent before. */
export function* pings(payload = 'still there?'): Script {
  yield send(frame(PING, payload))
  yield receive(PONG, payload)
}

/** The server closes, and the client answers with the same Close frame, and waits for the server's end. */
export function* closes(body: Uint8Array = closeBody(1000, 'done')): Script {
  yield send(frame(CLOSE, body))
  yield receive(CLOSE, body)
  yield silent
  yield end
}

export const DONE: Outcome = { code: 1000, reason: 'done', wasClean: true }

/** The client fails the connection: it says why, ends its side and reads no more. */
export function* fails(closeCode: number): Script {
  yield receive(CLOSE, closeBody(closeCode))
  yield clientEnds
  yield end
}

/** What its user sees then. */
export function failed(closeCode: number): Outcome {
  return { code: 1006, reason: '', wasClean: false, failsWith: closeCode }
}

type More = Pick<ConformanceCase, 'options' | 'deflate'>

/** A case at whose end the client fails the connection. */
export function failing(
  title: string,
  section: string,
  closeCode: number,
  script: () => Script,
  more: More = {},
): ConformanceCase {
  return {
    title,
    section,
    ...more,
    outcome: failed(closeCode),
    *script() {
      yield* script()
      yield* fails(closeCode)
    },
  }
}

/** A case with bytes that the client refuses as soon as it has them all. */
export function refusal(
  title: string,
  section: string,
  closeCode: number,
  bytes: Uint8Array | readonly Uint8Array[],
  { chop, ...more }: More & { readonly chop?: number } = {},
): ConformanceCase {
  const script = function* (): Script {
    yield send(bytes, chop)
  }
  return failing(title, section, closeCode, script, more)
}

/** A case at whose end the server closes. */
export function exchange(title: string, section: string, script: () => Script, more: More = {}): ConformanceCase {
  return {
    title,
    section,
    ...more,
    outcome: DONE,
    *script() {
      yield* script()
      yield* closes()
    },
  }
}
