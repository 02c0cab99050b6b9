import { EventEmitter, once } from 'node:events'
import { ConnectionLost } from '../byte-reader.ts'
import type { Connection } from '../connection.ts'
import { Aborted, type Handler } from '../handler.ts'
import type { Stash } from '../stash.ts'
import { repeatClose } from './messages.ts'

/** The handlers by which pages and workers of a test communicate. Values are kept as long as the server runs. */
export function channelHandlers(stash: Stash): Readonly<Record<string, Handler>> {
  return {
    '/stash_responder': stashResponder(stash),
    '/stash_responder_blocking': blockingStashResponder(stash),
    '/msg_channel': messageChannel(),
  }
}

/** On the message `echo`: puts, purges or takes a value, as the query says, and sends the result. */
function stashResponder(stash: Stash): Handler {
  return {
    async open(connection) {
      for (;;) {
        const message = await connection.receive()
        if (message === null) return
        if (message !== 'echo') continue
        const query = new URLSearchParams(connection.request.query ?? '')
        const path = query.get('path') ?? connection.request.path
        const key = query.get('key') ?? ''
        const action = query.get('action')
        const kept = stash.take(path, key)
        if (action === 'put') stash.put(path, key, query.get('value') ?? '')
        const status = action === 'take' ? (kept === null ? 'allowed' : 'blocked') : 'success'
        await connection.send(JSON.stringify({ status, result: action === 'put' ? key : kept }))
        return
      }
    },
  }
}

/** Answers one request: `set` keeps a value; `get` waits for a value and takes it. */
function blockingStashResponder(stash: Stash): Handler {
  return {
    async open(connection) {
      const message = await connection.receive()
      if (message === null) return
      const { action, key, value } = JSON.parse(message.toString()) as { action: string; key: string; value?: unknown }
      const { path, signal } = { path: connection.request.path, signal: connection.signal }
      if (action === 'set') stash.put(path, key, value)
      const response = action === 'get' ? { value: await stash.takeLater(path, key, signal).catch(lost) } : {}
      await connection.send(JSON.stringify(response))
    },
  }
}

function lost(): never {
  throw new ConnectionLost('the client went away')
}

/** A queue with one reader and any number of writers. */
class Channel extends EventEmitter {
  readonly queue: unknown[] = []
  reader = false
  writers = 0
}

type Command = readonly ['message' | 'close' | 'disconnectReader' | 'delete', unknown?]

/** `?uuid=U&direction=read|write`: the reader of a channel gets the messages of its writers. */
function messageChannel(): Handler {
  const channels = new Map<string, Channel>()
  return {
    async open(connection) {
      const query = new URLSearchParams(connection.request.query ?? '')
      const uuid = query.get('uuid') ?? ''
      const reads = query.get('direction') === 'read'
      const channel = channels.get(uuid) ?? new Channel()
      channels.set(uuid, channel)
      if (reads && channel.reader) throw new Aborted()
      if (reads) channel.reader = true
      else channel.writers++
      try {
        if (reads) await deliver(connection, channel)
        else await collect(connection, channel, () => channels.delete(uuid))
      } finally {
        if (reads) channel.reader = false
        else channel.writers--
        const idle = !channel.reader && channel.writers === 0 && channel.queue.length === 0
        if (idle && channels.get(uuid) === channel) channels.delete(uuid)
      }
    },
    answerClose: repeatClose,
  }
}

async function deliver(connection: Connection, channel: Channel): Promise<void> {
  const stopped = new AbortController()
  const listening = untilClosed(connection).finally(() => stopped.abort())
  try {
    while (!stopped.signal.aborted) {
      const command = channel.queue.shift() as Command | undefined
      if (command === undefined) await once(channel, 'command', { signal: stopped.signal }).catch(() => {})
      else if (command[0] === 'message') await connection.send(JSON.stringify(command[1]))
      else break
    }
    // `untilClosed` is reading, and receives the client's close frame.
    if (!stopped.signal.aborted) await connection.beginClose(1000)
  } finally {
    await listening
  }
}

/** Resolves when the reader closes, or asks with a message to be closed. */
async function untilClosed(connection: Connection): Promise<void> {
  for (;;) {
    const message = await connection.receive()
    if (message === null) return
    if ((JSON.parse(message.toString()) as Command)[0] === 'close') return
  }
}

async function collect(connection: Connection, channel: Channel, forget: () => void): Promise<void> {
  for (;;) {
    const message = await connection.receive()
    if (message === null) return
    const command = JSON.parse(message.toString()) as Command
    if (command[0] === 'delete') {
      forget()
    } else {
      channel.queue.push(command[0] === 'disconnectReader' ? ['close'] : command)
      channel.emit('command')
    }
  }
}
