import { failure, terminate, WebSocket } from '#lib/entry/node.js'
import { Departure } from '../support/departure.ts'
import { BINARY, CONTINUATION, frame, PONG, TEXT } from '../support/raw-server.ts'
import { ServerDeflate } from '../support/server-deflate.ts'
import { turns } from '../support/turns.ts'
import type {
  AnswersStep,
  CompressedStep,
  ConformanceCase,
  FrameStep,
  Message,
  Outcome,
  SendStep,
  Step,
} from './case.ts'
import type { ClientFrame, FuzzingPeer } from './peer.ts'
import type { FuzzingServer } from './server.ts'

/** There is no third one. */
export type Verdict = { readonly strict: true } | { readonly strict: false; readonly departure: string }

/** A client that has not done its part by then, in milliseconds, will not. */
const LIMIT = 20_000

/** A compressed message of more bytes than that may come in more than one frame. */
const IN_PIECES = 128 * 1024

/** Connects a client that sends every message back, and takes it through a case. */
export async function runCase(server: FuzzingServer, conformanceCase: ConformanceCase): Promise<Verdict> {
  const client = new EchoClient(server.url, conformanceCase)
  const run = new CaseRun(conformanceCase, client)
  let peer: FuzzingPeer | undefined
  const timer = setTimeout(() => {
    peer?.giveUp(`nothing more comes within ${LIMIT / 1000} s`)
    client.giveUp()
  }, LIMIT)
  try {
    peer = await server.accept(conformanceCase.deflate)
    await run.play(peer)
    return { strict: true }
  } catch (error) {
    if (!(error instanceof Departure)) throw error
    return { strict: false, departure: `${run.position}: ${error.message}` }
  } finally {
    clearTimeout(timer)
    run.release()
    peer?.giveUp('the case is over')
    client.giveUp()
  }
}

/** The client that is tested, with what its user sees. */
class EchoClient {
  readonly socket: WebSocket
  readonly opened: Promise<void>
  /** Until a step has taken them. */
  readonly #messages: Message[] = []
  #wake: (() => void) | undefined
  readonly #events: string[] = []
  #isClosed = false
  readonly #closed: Promise<void>

  constructor(url: string, { options, deflate }: ConformanceCase) {
    const socket = new WebSocket(url, { ...(deflate === undefined ? { perMessageDeflate: false } : {}), ...options })
    this.socket = socket
    socket.binaryType = 'arraybuffer'
    this.opened = new Promise(resolve => {
      socket.onopen = () => {
        this.#events.push('open')
        resolve()
      }
    })
    socket.onerror = () => void this.#events.push('error')
    socket.onmessage = ({ data }) => {
      this.#messages.push(
        typeof data === 'string'
          ? { opcode: TEXT, payload: Buffer.from(data) }
          : { opcode: BINARY, payload: new Uint8Array(data as ArrayBuffer) },
      )
      this.#wake?.()
      socket.send(data as string | ArrayBuffer)
    }
    this.#closed = new Promise(resolve => {
      socket.onclose = ({ code, reason, wasClean }) => {
        this.#events.push(`close ${code} "${reason}" ${wasClean ? 'clean' : 'unclean'}`)
        this.#isClosed = true
        this.#wake?.()
        resolve()
      }
    })
  }

  async nextMessage(): Promise<Message> {
    while (this.#messages.length === 0) {
      if (this.#isClosed) throw new Departure('the message does not come')
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return this.#messages.shift()!
  }

  /** Waits for the end, and holds all that the user saw against it. */
  async judge({ code, reason, wasClean, failsWith }: Outcome): Promise<void> {
    await this.#closed
    const expected = ['open', `close ${code} "${reason}" ${wasClean ? 'clean' : 'unclean'}`]
    if (!wasClean) expected.splice(1, 0, 'error')
    if (this.#events.join() !== expected.join()) {
      throw new Departure(`the events are ${this.#events.join(', ')}, not ${expected.join(', ')}`)
    }
    if (this.#messages.length > 0) throw new Departure(`there are ${this.#messages.length} more messages`)
    const closeCode = failure(this.socket)?.closeCode
    if (failsWith !== undefined && closeCode !== failsWith) {
      throw new Departure(`it says that it failed with ${closeCode}, not ${failsWith}`)
    }
  }

  giveUp(): void {
    terminate(this.socket)
  }
}

class CaseRun {
  readonly #case: ConformanceCase
  readonly #client: EchoClient
  readonly #deflate: ServerDeflate | undefined
  #peer!: FuzzingPeer
  #steps = 0
  #doing = 'handshake'
  #isReset = false

  constructor(conformanceCase: ConformanceCase, client: EchoClient) {
    this.#case = conformanceCase
    this.#client = client
    if (conformanceCase.deflate !== undefined) this.#deflate = new ServerDeflate(conformanceCase.deflate)
  }

  /** Where in the script it is, for a report. */
  get position(): string {
    return `step ${this.#steps} (${this.#doing})`
  }

  async play(peer: FuzzingPeer): Promise<void> {
    this.#peer = peer
    const script = this.#case.script()
    let result = script.next()
    while (!result.done) {
      this.#steps++
      this.#doing = describe(result.value)
      const read = await this.#take(result.value)
      result = script.next(read as never)
    }
    this.#doing = 'end'
    await this.#client.judge(this.#case.outcome)
    await peer.closed
    if (!this.#isReset) await peer.readEnd()
  }

  release(): void {
    this.#deflate?.close()
  }

  async #take(step: Step): Promise<unknown> {
    const peer = this.#peer
    switch (step.kind) {
      case 'send':
        return peer.write(step.bytes, step.chop)
      case 'send compressed':
        return peer.write(await this.#bytesOf(step), step.chop)
      case 'send together': {
        const all: Uint8Array[] = []
        for (const one of step.steps) all.push(await this.#bytesOf(one))
        return peer.write(Buffer.concat(all), Number.POSITIVE_INFINITY)
      }
      case 'frame':
        return this.#expectFrame(step)
      case 'answers':
        return this.#expectAnswers(step)
      case 'delivered':
        return this.#expectMessage(step.message)
      case 'silent':
        await turns(3)
        if (!peer.isSilent) throw new Departure('the client does something before it has reason to')
        return
      case 'client ends':
        return peer.readEnd()
      case 'end':
        return peer.end()
      case 'reset':
        this.#isReset = true
        return peer.reset()
      case 'dropped':
        this.#isReset = true
        await peer.readDrop()
        return peer.end()
      case 'act':
        await this.#client.opened
        return step.act(this.#client.socket)
    }
  }

  async #bytesOf(step: SendStep | CompressedStep): Promise<Uint8Array> {
    if (step.kind === 'send') return step.bytes
    const compressed = await this.#deflate!.compress(step.message.payload)
    return framed(step.message.opcode, compressed, step.fragment, true)
  }

  /** A pong may overtake what the client's user sends. */
  async #expectAnswers({ pongs, echoes }: AnswersStep): Promise<void> {
    const waiting = { pongs: [...pongs], echoes: [...echoes] }
    while (waiting.pongs.length + waiting.echoes.length > 0) {
      const frame = await this.#peer.readFrame(true)
      const next = (frame.opcode === PONG ? waiting.pongs : waiting.echoes).shift()
      if (next === undefined) throw new Departure(`a frame with opcode ${frame.opcode} comes before its time`)
      await this.#judgeFrame(frame, next)
    }
  }

  async #expectFrame(step: FrameStep): Promise<unknown> {
    // What is compressed off the event loop comes in pieces.
    const frame = await this.#peer.readFrame(step.compressed && step.payload.length > IN_PIECES)
    return this.#judgeFrame(frame, step)
  }

  async #judgeFrame(frame: ClientFrame, { opcode, payload, compressed, echo }: FrameStep): Promise<unknown> {
    if (frame.opcode !== opcode) {
      const closeCode = frame.opcode === 8 && frame.payload.length >= 2 ? ` (${frame.payload.readUInt16BE()})` : ''
      throw new Departure(`the client answers with opcode ${frame.opcode}${closeCode}, not ${opcode}`)
    }
    if (frame.rsv1 !== compressed) {
      throw new Departure(`the client's message is ${frame.rsv1 ? '' : 'not '}compressed`)
    }
    const content = compressed ? await this.#deflate!.inflate(frame.payload) : frame.payload
    if (!content.equals(payload)) {
      throw new Departure(`the client answers ${excerpt(content)}, not ${excerpt(payload)}`)
    }
    if (echo) await this.#expectMessage({ opcode, payload })
    return frame
  }

  async #expectMessage({ opcode, payload }: Message): Promise<void> {
    const message = await this.#client.nextMessage()
    if (message.opcode !== opcode || Buffer.compare(message.payload, payload) !== 0) {
      throw new Departure(`the message is ${excerpt(message.payload)}, not ${excerpt(payload)}`)
    }
  }
}

/** A message in frames of at most so many bytes of payload; what is compressed says so in the first one. */
export function framed(opcode: number, payload: Uint8Array, fragment: number, compressed: boolean): Uint8Array {
  const rsv = compressed ? 4 : 0
  if (payload.length <= fragment) return frame(opcode, payload, { rsv })
  const frames: Uint8Array[] = []
  for (let start = 0; start < payload.length; start += fragment) {
    const piece = payload.subarray(start, start + fragment)
    const fin = start + fragment >= payload.length
    frames.push(frame(start === 0 ? opcode : CONTINUATION, piece, { fin, rsv: start === 0 ? rsv : 0 }))
  }
  return Buffer.concat(frames)
}

function describe(step: Step): string {
  return step.kind === 'frame' ? `a frame with opcode ${step.opcode} is due` : step.kind
}

function excerpt(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, 24)).toString('hex')
  return `${bytes.length} bytes (${text}${bytes.length > 24 ? '...' : ''})`
}
