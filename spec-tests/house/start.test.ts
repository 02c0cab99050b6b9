import { join } from 'node:path'
import { expect } from 'chai'
import { type Ended, runNode } from '../support/child.ts'
import { root } from '../support/root.ts'
import { useLoopback } from '../support/ws-server.ts'

const program = join(root, 'build/scripts/start/main.js')

/** Runs what `npm start` runs. */
function start(commandLine: readonly string[], input = ''): Promise<Ended> {
  const environment = { NODE_V8_COVERAGE: undefined, FORCE_COLOR: undefined }
  return runNode([program, ...commandLine], { input, environment })
}

describe('npm start', function () {
  // It starts processes, on machines that have other things to do.
  this.timeout(60_000)

  const { serve, serveRaw } = useLoopback()

  it('shows each event of an exchange, over the global that the shim has set', async () => {
    const { exitCode, output, errors } = await start([])
    expect(errors).to.equal('')
    expect(exitCode).to.equal(0)
    const shown = output.split('\n').flatMap(line => /[→←] (\S+(?: \S+)?) +(\w*)/.exec(line)?.slice(1).join(' ') ?? [])
    expect(shown).to.deep.equal([
      'new WebSocket ws',
      'open protocol',
      'send text',
      'message text',
      'send text',
      'message text',
      'send Uint8Array',
      'message Blob',
      'send Blob',
      'message ArrayBuffer',
      'send Uint8Array',
      'message ArrayBuffer',
      'ping ',
      'pong after',
      'close 1000',
      'close code',
    ])
    expect(output).to.include('install(globalThis, { override: true })')
    expect(output).to.include('code 1000, reason "That was all", wasClean true')
    expect(output).to.include('5 of 5 messages came back as sent.')
    // No terminal, no colours.
    expect(output).to.not.include('\x1b')
  })

  it('talks to a server: lines go in, messages come out, and all else is kept apart', async () => {
    const server = await serve({ handleProtocols: () => 'chat' })
    const result = start(['-H', 'X-Asked: for', '-s', 'chat', '-o', 'http://here.test', server.url], 'one\ntwo\n')
    const peer = await server.accept()
    expect(peer.request.headers).to.include({ 'x-asked': 'for', origin: 'http://here.test' })
    expect((await peer.message()).text).to.equal('one')
    expect((await peer.message()).text).to.equal('two')
    peer.socket.send('three\x1b[31m')
    const { exitCode, output, errors } = await result
    expect(output).to.equal('three\x1b[31m\n')
    expect(errors).to.include('open, subprotocol chat').and.include('closed cleanly, code 1000')
    expect(exitCode).to.equal(0)
    expect(await peer.closed).to.deep.equal({ code: 1000, reason: '' })
  })

  it('waits for answers after the end of the input, and gives binary ones out as they are', async () => {
    const server = await serve()
    const result = start(['--wait', '0.1', server.url])
    const peer = await server.accept()
    peer.socket.send(Uint8Array.of(1, 2, 3))
    const { exitCode, output } = await result
    expect(output).to.equal('\x01\x02\x03')
    expect(exitCode).to.equal(0)
  })

  it('ends with 1 if the connection is lost', async () => {
    const server = await serve()
    const result = start([server.url])
    const peer = await server.accept()
    peer.socket.terminate()
    const { exitCode, errors } = await result
    expect(errors).to.include('WS_ERR_CONNECTION_LOST').and.include('closed uncleanly, code 1006')
    expect(exitCode).to.equal(1)
  })

  it('shows the answer of a server that refuses', async () => {
    const server = await serveRaw()
    const result = start([server.url])
    const peer = await server.accept()
    peer.write('HTTP/1.1 403 Forbidden\r\nX-Why: because\r\nContent-Length: 9\r\n\r\nno entry\x1b')
    const { exitCode, errors } = await result
    expect(errors).to.include('WS_ERR_UNEXPECTED_STATUS').and.include('403 Forbidden')
    expect(errors).to.include('x-why: because').and.include('no entry\\u001b')
    expect(exitCode).to.equal(1)
  })

  const mistakes: readonly [what: string, commandLine: readonly string[], told: string][] = [
    ['a URL of another scheme', ['ftp://127.0.0.1/'], 'ws: or wss:'],
    ['no URL', ['this is none'], 'not a valid URL'],
    ['two URLs', ['ws://127.0.0.1/', 'ws://127.0.0.1/'], 'One URL at most'],
    ['an unknown option', ['--nonesuch'], '--nonesuch'],
    ['an option without a URL', ['-k'], '--insecure needs a URL'],
    ['a header without a name', ['-H', 'nothing', 'ws://127.0.0.1/'], "'Name: value'"],
    ['a header of the handshake', ['-H', 'Upgrade: other', 'ws://127.0.0.1/'], 'The header "Upgrade" cannot be set'],
    ['a subprotocol with a space', ['-s', 'a b', 'ws://127.0.0.1/'], 'subprotocol'],
    ['a time that is none', ['-w', 'soon', 'ws://127.0.0.1/'], '--wait'],
    ['a file that is not there', ['--ca', 'nonesuch.pem', 'ws://127.0.0.1/'], 'nonesuch.pem'],
  ]
  for (const [what, commandLine, told] of mistakes) {
    it(`ends with 2 for ${what}`, async () => {
      const { exitCode, output, errors } = await start(commandLine)
      expect(errors.split('\n')[0]).to.include(told)
      expect(errors).to.include('npm start -- [options] URL')
      expect(output).to.equal('')
      expect(exitCode).to.equal(2)
    })
  }

  it('tells how it is used', async () => {
    const { exitCode, output } = await start(['--help'])
    expect(output).to.include('npm start -- [options] URL')
    expect(exitCode).to.equal(0)
  })
})
