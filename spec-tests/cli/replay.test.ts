import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeFolder } from '../support/temporary-folder.ts'
import { next, useLoopback } from '../support/ws-server.ts'
import { Running, run, useCommand } from './command.ts'

/** A line of a record, `milliseconds` after the first one. */
function line(milliseconds: number, fields: Readonly<Record<string, unknown>>): string {
  const time = new Date(Date.UTC(2026, 0, 1) + milliseconds).toISOString()
  return `${JSON.stringify({ time, ...fields })}\n`
}

const sent = (milliseconds: number, data: string) => line(milliseconds, { direction: 'sent', type: 'text', data })
const received = (milliseconds: number, data: string) =>
  line(milliseconds, { direction: 'received', type: 'text', data })

describe('Records and replays of the command', function () {
  // They start processes, on machines that have other things to do.
  this.timeout(60_000)
  useCommand()

  const { serve, open } = useLoopback()

  it('record both directions, so that a replay gives the same', async () => {
    const server = await serve()
    const record = join(makeFolder(), 'record.jsonl')
    const recording = run(['--record', record, '--count', '1', server.url], { input: '{"a": 1}' })
    const peer = await server.accept()
    await peer.message()
    peer.socket.send(Uint8Array.of(1, 2))
    expect((await recording).exitCode).to.equal(0)
    const entries = readFileSync(record, 'utf8')
      .trimEnd()
      .split('\n')
      .map(text => JSON.parse(text))
    expect(entries.map(({ event, direction }) => event ?? direction)).to.deep.equal([
      'open',
      'sent',
      'received',
      'close',
    ])
    expect(entries[0]).to.include({ url: server.url, protocol: '' })
    expect(entries[2]).to.include({ type: 'binary', data: 'AQI=' })
    expect(entries[3]).to.include({ code: 1000 })

    const replaying = run(['replay', '--check', record, server.url])
    const again = await server.accept()
    expect((await again.message()).text).to.equal('{"a": 1}')
    again.socket.send(Uint8Array.of(1, 2))
    expect(await replaying).to.include({ exitCode: 0, output: '', errors: 'played 2 messages: all as recorded\n' })
  })

  it('keep the pauses, or shorten them', async () => {
    const pause = 2000
    const record = join(makeFolder({ 'a.jsonl': sent(0, 'one') + sent(pause, 'two') }), 'a.jsonl')
    const server = await serve()
    for (const options of [[], ['--speed', '1000'], ['--fast']]) {
      const began = performance.now()
      const replaying = run(['replay', ...options, record, server.url])
      const peer = await server.accept()
      await peer.message()
      const first = performance.now()
      await peer.message()
      const second = performance.now()
      // A busy machine may hand over the first message late, so a pause that was kept is counted from the start of the command.
      if (options.length === 0) expect(second - began).to.be.at.least(pause)
      else expect(second - first).to.be.below(pause)
      expect((await replaying).exitCode).to.equal(0)
    }
  })

  it('tell how the answers differ', async () => {
    const text = sent(0, 'ask') + received(1, '{"a":1,"b":2}') + received(2, 'other') + received(3, 'never')
    const folder = makeFolder({ 'a.jsonl': text })
    const server = await serve()
    const replaying = run(['replay', '--check', '--patience', '100ms', 'a.jsonl', server.url], { folder })
    const peer = await server.accept()
    await peer.message()
    peer.socket.send('{"b": 2, "a": 1}')
    peer.socket.send('another')
    const { exitCode, errors } = await replaying
    expect(errors).to.equal(
      'Message 3 differs:\n  recorded "other"\n  received "another"\nMessage 4 did not come: "never"\n' +
        'played 4 messages: 2 differences\n',
    )
    expect(exitCode).to.equal(1)
  })

  it('end with 1 if the server closes with the code of an error, unless it was recorded', async () => {
    const close = line(9, { event: 'close', code: 4001, reason: '' })
    const folder = makeFolder({ 'a.jsonl': sent(0, 'ask') + received(1, 'answer') + close })
    const server = await serve()
    for (const [code, exitCode, told] of [
      [1011, 1, /^closed: 1011 internal error$/m],
      [4001, 0, /^played 2 messages/m],
    ] as const) {
      const replaying = run(['replay', 'a.jsonl', server.url], { folder })
      const peer = await server.accept()
      await peer.message()
      peer.socket.close(code)
      const ended = await replaying
      expect(ended.errors).to.match(told)
      expect(ended.exitCode).to.equal(exitCode)
    }
  })

  it('are a server for a client that is to be tested', async () => {
    const close = line(9, { event: 'close', code: 4001, reason: 'recorded' })
    const folder = makeFolder({ 'a.jsonl': received(0, 'welcome') + sent(5, 'ask') + received(6, 'answer') + close })
    const server = new Running(['replay', '--fast', '--check', '--once', 'a.jsonl', '--listen', '0'], folder)
    const [, url] = await server.until(/listening on (\S+)/)
    const client = await open(url!)
    expect((await next(client, 'message')).data).to.equal('welcome')
    const answer = next(client, 'message')
    client.send('ask')
    expect((await answer).data).to.equal('answer')
    expect(await next(client, 'close')).to.include({ code: 4001, reason: 'recorded' })
    expect(await server.ended).to.equal(0)
    expect(server.errors).to.include('played 3 messages: all as recorded')
  })

  it('end with 2 for a file that is no record', async () => {
    const noBytes = JSON.stringify({ ...JSON.parse(sent(0, '')), type: 'binary', data: 'no Base64!' })
    const folder = makeFolder({ 'a.jsonl': `${sent(0, 'x')}{}\n`, 'bytes.jsonl': `${noBytes}\n` })
    const wrong = await run(['replay', 'a.jsonl', 'ws://127.0.0.1/'], { folder })
    expect(wrong.errors).to.include('Line 2 of a.jsonl is no line of a record')
    expect(wrong.exitCode).to.equal(2)
    const bytes = await run(['replay', 'bytes.jsonl', 'ws://127.0.0.1/'], { folder })
    expect(bytes.errors).to.include('Line 1 of bytes.jsonl is no line of a record')
    expect(bytes.exitCode).to.equal(2)
    const missing = await run(['replay', 'b.jsonl', 'ws://127.0.0.1/'], { folder })
    expect(missing.errors).to.include('there is no b.jsonl')
    const alone = await run(['replay', 'a.jsonl'], { folder })
    expect(alone.errors).to.include('or --listen PORT')
    expect(alone.exitCode).to.equal(2)
  })
})
