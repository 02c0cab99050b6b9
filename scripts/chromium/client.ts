import type { Argument, Job, Moment, SocketCall, SocketPart, StreamPart } from './scenario.ts'

/*
 * The client side of the scenarios. It is run in a page and in each runtime, so it imports nothing, and uses nothing but
 * what all of them have.
 */

export interface Classes {
  readonly WebSocket: typeof WebSocket
  readonly WebSocketStream: any
}

/** Milliseconds after which a client counts as one that nothing more happens to. More than any time limit of the clients. */
const NEVER = 25_000

/** Runs jobs, some of them at a time, and returns their logs in the same order. */
export async function runJobs(jobs: readonly Job[], classes: Classes, parallel: number): Promise<string[][]> {
  const logs: string[][] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < jobs.length) {
      const index = next++
      logs[index] = await runJob(jobs[index]!, classes)
    }
  }
  await Promise.all(Array.from({ length: parallel }, lane))
  return logs
}

async function runJob({ client, url }: Job, classes: Classes): Promise<string[]> {
  const log: string[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const never = new Promise<void>(resolve => {
    timer = setTimeout(() => {
      log.push('nothing more happens')
      resolve()
    }, NEVER)
  })
  const run = client.class === 'WebSocket' ? runSocket(client, url, classes, log) : runStream(client, url, classes, log)
  await Promise.race([run, never])
  clearTimeout(timer)
  return log
}

/** Tasks pass, so that what would follow is seen. */
async function fewTasks(): Promise<void> {
  for (let task = 0; task < 4; task++) await new Promise(resolve => setTimeout(resolve, 5))
}

async function runSocket(client: SocketPart, url: string, { WebSocket }: Classes, log: string[]): Promise<void> {
  const address = url + (client.path ?? '')
  let socket: WebSocket
  try {
    const { protocols } = client
    socket = protocols === undefined ? new WebSocket(address) : new WebSocket(address, make(protocols) as string[])
  } catch (error) {
    log.push(`constructor throws ${describeError(error)}`)
    return
  }
  if (client.binaryType !== undefined) socket.binaryType = client.binaryType
  const due = new Map(Object.entries(client.calls ?? {}))
  const perform = (moment: Moment): void => {
    const calls = due.get(moment) ?? []
    due.delete(moment)
    for (const call of calls) performCall(socket, call, log)
  }
  const closed = new Promise<void>(resolve => {
    for (const type of ['open', 'message', 'error', 'close'] as const) {
      socket.addEventListener(type, event => {
        log.push(`${describeEvent(event, url)} readyState=${socket.readyState}`)
        queueMicrotask(() => log.push(`microtask of ${type}`))
        perform(type)
        if (type === 'close') resolve()
      })
    }
  })
  log.push(`constructed readyState=${socket.readyState} extensions="${socket.extensions}"`)
  perform('construction')
  queueMicrotask(() => perform('microtask'))
  await closed
  await fewTasks()
}

function performCall(socket: WebSocket, [method, ...values]: SocketCall, log: string[]): void {
  const made = values.map(make)
  try {
    if (method === 'send') socket.send(...(made as [string]))
    if (method === 'close') socket.close(...(made as [number, string]))
    if (method === 'set binaryType') socket.binaryType = made[0] as 'blob'
    const { readyState, bufferedAmount, protocol, extensions, binaryType } = socket
    // What was sent in an earlier task may have left, or not.
    const buffered = method === 'close' ? '' : ` bufferedAmount=${bufferedAmount}`
    log.push(
      `${method}: readyState=${readyState}${buffered} protocol="${protocol}" extensions="${extensions}" binaryType=${binaryType}`,
    )
  } catch (error) {
    log.push(`${method} throws ${describeError(error)} readyState=${socket.readyState}`)
  }
}

function describeEvent(event: Event, url: string): string {
  const { type, isTrusted, cancelable, bubbles } = event
  const flags = [isTrusted ? 'trusted' : 'not trusted', cancelable ? 'cancelable' : '', bubbles ? 'bubbles' : '']
  const words = [type, Object.getPrototypeOf(event).constructor.name, ...flags.filter(flag => flag !== '')]
  if (type === 'message') {
    const { data, origin, lastEventId } = event as MessageEvent
    words.push(describeValue(data), `origin is ${url.startsWith(`${origin}/`) ? 'right' : origin} id="${lastEventId}"`)
  }
  if (type === 'close') {
    const { code, reason, wasClean } = event as Event & { code: number; reason: string; wasClean: boolean }
    words.push(`${code} "${reason}" ${wasClean ? 'clean' : 'not clean'}`)
  }
  return words.join(' ')
}

/** A stream client in the middle of its steps. */
interface StreamState {
  readonly socket: { opened: Promise<unknown>; closed: Promise<unknown>; close(info?: unknown): void }
  readonly controller: AbortController
  readonly open: () => Promise<{ reader: any; writer: any }>
}

async function runStream(client: StreamPart, url: string, { WebSocketStream }: Classes, log: string[]): Promise<void> {
  const controller = new AbortController()
  if (client.signal === 'aborted') controller.abort('the reason')
  const options = {
    ...(client.protocols === undefined ? {} : { protocols: make(client.protocols) }),
    ...(client.signal === undefined ? {} : { signal: controller.signal }),
  }
  let socket: StreamState['socket']
  try {
    socket = new WebSocketStream(url + (client.path ?? ''), options)
  } catch (error) {
    log.push(`constructor throws ${describeError(error)}`)
    return
  }
  const opened = socket.opened.then(({ readable, writable }: any) => ({
    reader: readable.getReader(),
    writer: writable.getWriter(),
  }))
  opened.catch(() => {})
  const pending: Promise<void>[] = [watch('opened', socket.opened, log), watch('closed', socket.closed, log)]
  const state: StreamState = { socket, controller, open: () => opened }
  for (const step of client.steps) {
    const later = step[0] === 'later'
    const [name, ...values] = (later ? step.slice(1) : step) as readonly [string, ...Argument[]]
    const made = values.map(make)
    const promise = watch(`${name}${later ? ' later' : ''}`, perform(name, made, state), log)
    if (later) pending.push(promise)
    else await promise
  }
  await Promise.all(pending)
  await fewTasks()
}

async function perform(name: string, values: readonly unknown[], state: StreamState): Promise<unknown> {
  const { socket, controller, open } = state
  if (name === 'opened') return void (await socket.opened)
  if (name === 'closed') return void (await socket.closed)
  if (name === 'close') return socket.close(...(values as [unknown]))
  if (name === 'abort signal') return controller.abort(...values)
  const { reader, writer } = await open()
  switch (name) {
    case 'read':
      return await reader.read()
    case 'cancel':
      return await reader.cancel(...values)
    case 'reader closed':
      return await reader.closed
    case 'write':
      return await writer.write(...values)
    case 'close writer':
      return await writer.close()
    case 'abort writer':
      return await writer.abort(...values)
    case 'writer closed':
      return await writer.closed
    case 'desired size':
      return writer.desiredSize > 0 ? 'room' : writer.desiredSize
    default:
      reader.releaseLock()
      writer.releaseLock()
      return undefined
  }
}

async function watch(name: string, promise: Promise<unknown>, log: string[]): Promise<void> {
  try {
    log.push(`${name}: ${describeValue(await promise)}`)
  } catch (error) {
    log.push(`${name} rejects: ${describeError(error)}`)
  }
}

/** Builds what an argument stands for. */
function make(argument: Argument): unknown {
  if (typeof argument !== 'object' || Array.isArray(argument)) return argument
  if ('close' in argument) {
    const error = Reflect.get(globalThis, 'ScenarioError') ?? Reflect.get(globalThis, 'WebSocketError')
    return new error('the message', argument.close)
  }
  const { make: kind, text = '' } = argument as { make: string; text?: string }
  const bytes = new TextEncoder().encode(text)
  switch (kind) {
    case 'null':
      return null
    case 'object':
      return { closeCode: Number(text) }
    case 'bytes':
      return bytes.buffer
    case 'view':
      return new Uint16Array(bytes.buffer, 2, 2)
    case 'blob':
      return new Blob([text])
    default: {
      // A page without cross-origin isolation has no such constructor, but the memory of WebAssembly.
      const { Memory } = Reflect.get(globalThis, 'WebAssembly') as {
        Memory: new (options: object) => { buffer: ArrayBuffer }
      }
      const shared = new Memory({ initial: 1, maximum: 1, shared: true }).buffer
      const view = new Uint8Array(shared, 0, bytes.length)
      view.set(bytes)
      return view
    }
  }
}

function describeValue(value: unknown): string {
  if (typeof value === 'string') return `text "${shorten(value)}"`
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer)
    const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
    return `${value.constructor.name} ${shorten(hex)}`
  }
  if (typeof Blob !== 'undefined' && value instanceof Blob) return `Blob of ${value.size}, type "${value.type}"`
  if (typeof value !== 'object' || value === null) return String(value)
  // The results of a reader are made by the streams of the host, with their members in one order or the other.
  const entries = 'done' in value ? Object.entries(value).sort() : Object.entries(value)
  const members = entries.map(([name, member]) => {
    return `${name}=${typeof member === 'object' && /able$/.test(name) ? member.constructor.name : describeValue(member)}`
  })
  return `{${members.join(' ')}}`
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 20)}... (${text.length})`
}

/** Its class and name, and what a WebSocketError tells. The text is the client's own affair. */
function describeError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { name, closeCode, reason } = error as Error & { closeCode?: number | null; reason?: string }
  const className = error.constructor.name
  return closeCode === undefined ? `${className} ${name}` : `${className} ${closeCode} "${reason}"`
}
