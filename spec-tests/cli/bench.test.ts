import { expect } from 'chai'
import { useLoopback } from '../support/ws-server.ts'
import { run, startListening, useCommand } from './command.ts'
import { Screen, useScreens } from './screen.ts'

describe('The bench of the command', function () {
  // It starts processes, on machines that have other things to do.
  this.timeout(60_000)
  useCommand()
  useScreens()

  const { serve, serveRaw } = useLoopback()

  it('measures each message on each connection', async () => {
    const { url } = await startListening()
    const words = ['bench', '--json', '-n', '3', '-m', '20', '--size', '1K', '--in-flight', '4', '--binary', url]
    const { exitCode, output, errors } = await run(words)
    expect([exitCode, errors]).to.deep.equal([0, ''])
    const summary = JSON.parse(output)
    expect(summary).to.include({ url, connections: 3, opened: 3, messages: 60, size: 1024 })
    expect(summary.failures).to.deep.equal({})
    const { min, p50, p90, p99, p999, max } = summary.latency
    expect([min, p50, p90, p99, p999, max]).to.deep.equal([min, p50, p90, p99, p999, max].sort((a, b) => a - b))
    expect(summary.histogram.reduce((sum: number, bucket: { count: number }) => sum + bucket.count, 0)).to.equal(60)
    expect(summary.messagesPerSecond).to.be.closeTo(60 / summary.seconds, 1)
  })

  it('shows what a server says without its control characters', async () => {
    const server = await serveRaw()
    const result = run(['bench', '-n', '1', server.url])
    const peer = await server.accept()
    peer.write(Buffer.from('HTTP/1.1 403 No\x9b2J\r\nContent-Length: 0\r\n\r\n', 'latin1'))
    expect((await result).output)
      .to.include('\\u009b2J')
      .and.not.include('\x9b')
  })

  it('shows a table and a histogram, and a bar while it runs', async () => {
    const { url } = await startListening()
    const piped = await run(['bench', '-n', '2', '-m', '5', url])
    expect(piped).to.include({ exitCode: 0, errors: '' })
    expect(piped.output)
      .to.match(/^connections +2 of 2 opened/m)
      .and.match(/^latency +min +[\d.]+ ms$/m)
    expect(piped.output).to.match(/^ *[\d.]+–[\d.]+ ms +\d+ █/m)
    const screen = new Screen(['bench', '-n', '2', '--duration', '400ms', url], { columns: 40 })
    expect(await screen.ended).to.equal(0)
    expect(screen.written).to.match(/█.*%.* answers/)
    expect(screen.lines[0]).to.match(/^server /)
    expect(Math.max(...screen.lines.map(line => line.length))).to.be.at.most(40)
  })

  it('tells of a server that does not answer, and of one that refuses', async () => {
    const silent = await serve()
    const words = ['bench', '-n', '2', '--patience', '100ms']
    const { exitCode, output, errors } = await run([...words, silent.url])
    expect(output).to.include('2 failed: no answer within 0.1 s')
    expect(errors).to.include('whatwg-websocket listen')
    expect(exitCode).to.equal(1)
    await silent.close()
    const refused = await run([...words, silent.url])
    expect(refused.output).to.include('0 of 2 opened').and.include('ECONNREFUSED')
    expect(refused.exitCode).to.equal(1)
  })
})
