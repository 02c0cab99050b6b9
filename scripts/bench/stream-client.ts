/** The scenarios with a WebSocketStream. */
import { begin, checkAnswer, end, fail, finish, type Measurement } from './measuring.ts'
import { isSame, messagesOf } from './payloads.ts'
import { type Scenario, warmUpOf } from './scenarios.ts'

interface Opened {
  readonly readable: ReadableStream<unknown>
  readonly writable: WritableStream<unknown>
}
export type StreamClass = new (url: string) => { readonly opened: Promise<Opened> }

export async function measureStreams(
  scenario: Scenario,
  WebSocketStream: StreamClass,
  url: string,
): Promise<Measurement> {
  if (WebSocketStream === undefined) fail('unsupported', 'has no WebSocketStream')
  const opened = await new WebSocketStream(url).opened
  return scenario.kind === 'stream-receive' ? receive(scenario, opened) : send(scenario, opened)
}

async function receive(scenario: Scenario, { readable, writable }: Opened): Promise<Measurement> {
  const messages = messagesOf(scenario)
  const warmUp = warmUpOf(scenario)
  await writable.getWriter().write('go')
  let received = 0
  for await (const message of readable as unknown as AsyncIterable<unknown>) {
    if (received < messages.length && !isSame(message, messages[received]!))
      fail('content', `message ${received} is not what was sent`)
    if (++received === warmUp) begin()
    else if (received === warmUp + scenario.count) finish(end(scenario.count))
  }
  fail('failed', 'the server hung up')
}

async function send(scenario: Scenario, { readable, writable }: Opened): Promise<Measurement> {
  const messages = messagesOf(scenario)
  const writer = writable.getWriter()
  const answers = readable.getReader()
  let sent = 0
  const phase = async (count: number): Promise<void> => {
    for (const target = sent + count; sent < target; sent++) {
      await writer.ready
      void writer.write(messages[sent % messages.length])
    }
    checkAnswer((await answers.read()).value)
  }
  await phase(warmUpOf(scenario))
  begin()
  await phase(scenario.count)
  return end(scenario.count)
}
