import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { runProgram } from '../support/child.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { useLoopback } from '../support/ws-server.ts'
import { environment, program, Running, run, runtime, startListening, useCommand } from './command.ts'

describe('The command as a filter', function () {
  // It starts processes, on machines that have other things to do.
  this.timeout(60_000)
  useCommand()

  const { serve, serveRaw } = useLoopback()

  it('sends lines, and writes what the server sends and nothing else', async () => {
    const server = await serve({ handleProtocols: () => 'chat' })
    const words = ['-H', 'X-Asked: for', '-s', 'chat', '-o', 'http://here.test', '-u', 'me:secret', server.url]
    const result = run(words, { input: 'one\ntwo\r\nGrüße' })
    const peer = await server.accept()
    expect(peer.request.headers).to.include({ 'x-asked': 'for', origin: 'http://here.test' })
    expect(peer.request.headers.authorization).to.equal(`Basic ${btoa('me:secret')}`)
    for (const text of ['one', 'two', 'Grüße']) expect((await peer.message()).text).to.equal(text)
    peer.socket.send('three\x1b[31m')
    expect(await result).to.deep.equal({ exitCode: 0, output: 'three\x1b[31m\n', errors: '' })
    expect(await peer.closed).to.deep.equal({ code: 1000, reason: '' })
  })

  it('sends the whole input as one binary message, and writes bytes unchanged', async () => {
    const server = await serve()
    const result = run(['--binary', '--count', '1', server.url], { input: 'a\nb\0c\n' })
    const peer = await server.accept()
    expect(await peer.message()).to.include({ text: 'a\nb\0c\n', isBinary: true })
    peer.socket.send(Uint8Array.of(1, 10, 3))
    expect(await result).to.include({ output: '\x01\n\x03', exitCode: 0 })
  })

  it('parts messages by NUL, in and out', async () => {
    const server = await serve()
    const result = run(['--null', '--count', '2', server.url], { input: 'a\nb\0c\0' })
    const peer = await server.accept()
    expect((await peer.message()).text).to.equal('a\nb')
    expect((await peer.message()).text).to.equal('c')
    peer.socket.send('d\ne')
    peer.socket.send(Uint8Array.of(0x66))
    expect(await result).to.include({ output: 'd\ne\0f\0', exitCode: 0 })
  })

  it('writes each message as a JSON object', async () => {
    const server = await serve()
    const result = run(['--json', '--count', '2', server.url])
    const peer = await server.accept()
    peer.socket.send('"a"\n')
    peer.socket.send(Uint8Array.of(255, 0))
    const { output, exitCode } = await result
    const [first, second] = output
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(first).to.include({ direction: 'received', type: 'text', data: '"a"\n' })
    expect(second).to.include({ direction: 'received', type: 'binary', data: '/wA=' })
    expect(Math.abs(Date.parse(first.time) - Date.now())).to.be.below(60_000)
    expect(exitCode).to.equal(0)
  })

  it('ends after as many messages as are asked for, while its input is open', async () => {
    const server = await serve()
    const command = new Running(['--count', '2', server.url])
    const peer = await server.accept()
    for (const text of ['1', '2', '3']) peer.socket.send(text)
    expect(await command.ended).to.equal(0)
    expect(command.output).to.equal('1\n2\n')
    expect(command.errors).to.equal('')
  })

  it('waits for as many messages as are asked for, after the end of its input', async () => {
    const server = await serve()
    const result = run(['--count', '1', '--linger', '1ms', server.url], { input: 'ask' })
    const peer = await server.accept()
    await peer.message()
    setTimeout(() => peer.socket.send('answer'), 200)
    expect(await result).to.deep.equal({ output: 'answer\n', exitCode: 0, errors: '' })
  })

  it('ends quietly when the reader of its output has enough', async () => {
    const server = await serve()
    const command = new Running([server.url])
    const peer = await server.accept()
    command.child.stdout.destroy()
    const sending = setInterval(() => peer.socket.send('more'), 10)
    expect(await command.ended).to.equal(0)
    clearInterval(sending)
    expect(command.errors).to.equal('')
  })

  it('goes on when nobody reads its remarks', async () => {
    const server = await serve()
    const command = new Running(['-vv', '--count', '1', server.url])
    command.child.stderr.destroy()
    const peer = await server.accept()
    peer.socket.send('still there')
    expect(await command.ended).to.equal(0)
    expect(command.output).to.equal('still there\n')
  })

  if (existsSync('/dev/full')) {
    it('ends with 1 if the output cannot be written', async () => {
      const { url } = await startListening()
      for (const words of [['--send', 'lost', '--count', '1', url], ['--help']]) {
        const shell = ['-c', '"$@" >/dev/full', 'sh', ...runtime, program, ...words]
        const { exitCode, errors } = await runProgram('sh', shell, { environment: environment() })
        expect(errors).to.match(/^The output cannot be written: .*no space left/i)
        expect(exitCode).to.equal(1)
      }
    })

    it('goes on without a record that cannot be written, says so once, and ends with 1', async () => {
      const { url } = await startListening()
      const ended = await run(['--record', '/dev/full', '--count', '2', url], { input: 'one\ntwo\n' })
      expect(ended.errors).to.match(/^The record cannot be written: .*no space left.*\n$/i)
      expect(ended).to.include({ output: 'one\ntwo\n', exitCode: 1 })
    })
  }

  it('ends when its output has been read, however long after the connection', async () => {
    const server = await serve()
    const command = new Running(['--count', '1', server.url])
    command.child.stdout.pause()
    const peer = await server.accept()
    const text = 'a'.repeat(5_000_000)
    peer.socket.send(text)
    // Deno stands still in a write until it is read, as in `deno run`.
    if (runtime[1] !== 'run') await once(peer.socket, 'close')
    command.child.stdout.resume()
    expect(await command.ended).to.equal(0)
    expect(command.output).to.have.lengthOf(text.length + 1)
  })

  it('lingers for answers after the end of the input', async () => {
    const server = await serve()
    const started = performance.now()
    const result = run(['--linger', '1s', server.url], { input: 'ask' })
    const peer = await server.accept()
    await peer.message()
    setTimeout(() => peer.socket.send('answer'), 100)
    expect(await result).to.include({ output: 'answer\n', exitCode: 0 })
    expect(performance.now() - started).to.be.above(1000)
  })

  it('waits for the server to close, if that is asked for', async () => {
    const server = await serve()
    const result = run(['--wait', '--linger', '1ms', server.url])
    const peer = await server.accept()
    setTimeout(() => {
      peer.socket.send('late')
      peer.socket.close(4000, 'enough')
    }, 200)
    expect(await result).to.deep.equal({ output: 'late\n', exitCode: 1, errors: 'closed: 4000 "enough"\n' })
  })

  for (const [code, exitCode, told] of [
    [1000, 0, ''],
    [undefined, 0, ''],
    [1001, 0, 'closed: 1001 going away\n'],
    [1011, 1, 'closed: 1011 internal error\n'],
    [1008, 1, 'closed: 1008 policy violation\n'],
  ] as const) {
    it(`ends with ${exitCode} if the server closes with ${code ?? 'no code'}`, async () => {
      const server = await serve()
      const command = new Running([server.url])
      ;(await server.accept()).socket.close(code)
      expect(await command.ended).to.equal(exitCode)
      expect([command.output, command.errors]).to.deep.equal(['', told])
    })
  }

  it('ends with 0 if it had as many messages as were asked for, whatever code the server then closes with', async () => {
    const server = await serve()
    const command = new Running(['--count', '1', server.url])
    const peer = await server.accept()
    peer.socket.send('all')
    peer.socket.close(1011)
    expect(await command.ended).to.equal(0)
    expect(command.output).to.equal('all\n')
  })

  it('ends with 1 and the reason if the connection is lost', async () => {
    const server = await serve()
    const result = run([server.url])
    ;(await server.accept()).socket.terminate()
    const { exitCode, output, errors } = await result
    expect(errors).to.include('WS_ERR_CONNECTION_LOST')
    expect([output, exitCode]).to.deep.equal(['', 1])
  })

  it('shows the answer of a server that refuses', async () => {
    const server = await serveRaw()
    const result = run([server.url])
    const peer = await server.accept()
    peer.write('HTTP/1.1 403 Forbidden\r\nX-Why: because\r\nContent-Length: 9\r\n\r\nno entry\x1b')
    const { exitCode, errors } = await result
    expect(errors).to.include('WS_ERR_UNEXPECTED_STATUS').and.include('403 Forbidden')
    expect(errors).to.include('x-why: because').and.include('no entry\\u001b')
    expect(exitCode).to.equal(1)
  })

  it('ends with 1 if a line is not UTF-8', async () => {
    const server = await serve()
    const command = new Running([server.url])
    await server.accept()
    command.child.stdin.end(Buffer.of(0x61, 0xff, 0x0a))
    expect(await command.ended).to.equal(1)
    expect(command.errors).to.include('--binary sends bytes')
    // It is there before the connection is open, which is no second failure.
    const early = new Running([server.url])
    early.child.stdin.end(Buffer.of(0xff))
    await server.accept()
    expect(await early.ended).to.equal(1)
    expect(early.errors).to.equal('The input cannot be sent: a line is not UTF-8; --binary sends bytes\n')
  })

  it('says what to look at if nobody listens, a name is unknown, or a message is too long', async () => {
    const server = await serve()
    await server.close()
    const refused = await run([server.url])
    expect(refused.errors).to.include('ECONNREFUSED').and.include('Is the server running')
    const unknown = await run(['ws://no-such-host.invalid/'])
    expect(unknown.errors)
      .to.match(/WS_ERR_(DNS|CONNECT)/)
      .and.include('No host has this name')
    const socket = await run(['--unix', join(makeFolder(), 'no-such-socket'), 'ws://a/'])
    expect(socket.errors).to.include('There is no such Unix socket')
    const { url } = await startListening()
    const long = await run(['--max-payload', '3', '--send', 'long', url])
    expect(long.errors).to.include('WS_ERR_MESSAGE_TOO_BIG').and.include('--max-payload SIZE allows longer messages')
    expect(long.errors).to.include('(--max-payload)').and.not.include('maxPayload')
    for (const { exitCode } of [refused, unknown, socket, long]) expect(exitCode).to.equal(1)
  })

  it('names the flag that sets a time which was over', async () => {
    const silent = await serveRaw()
    const unanswered = await run(['--timeout', '100ms', silent.url])
    expect(unanswered.errors)
      .to.include('did not complete within 100 ms (--timeout)')
      .and.not.include('handshakeTimeout')
    const command = new Running(['--ping', '100ms', '--wait', silent.url])
    await silent.accept()
    const peer = await silent.accept()
    await peer.accept()
    expect(await command.ended).to.equal(1)
    expect(command.errors).to.include('sent nothing within 100 ms of a ping (--ping)').and.not.include('heartbeat')
  })

  it('connects again if the connection is lost, and goes on with the input', async () => {
    const server = await serve()
    const command = new Running(['--reconnect', '--reconnect-delay', '10ms', '--count', '1', server.url])
    const first = await server.accept()
    first.socket.terminate()
    const second = await server.accept()
    command.write('again\n')
    expect((await second.message()).text).to.equal('again')
    second.socket.send('there')
    expect(await command.ended).to.equal(0)
    expect(command.output).to.equal('there\n')
    expect(command.errors).to.include('WS_ERR_CONNECTION_LOST').and.include('connecting again in 0.01 s')
  })

  it('connects again if the server restarts, and not if it has done with it', async () => {
    const server = await serve()
    const command = new Running(['--reconnect', '--reconnect-delay', '10ms', server.url])
    for (const code of [1012, 1001]) (await server.accept()).socket.close(code)
    ;(await server.accept()).socket.close(4001, 'who are you')
    expect(await command.ended).to.equal(1)
    const closed = command.errors.split('\n').filter(line => line.startsWith('closed'))
    expect(closed).to.deep.equal([
      'closed: 1012 service restart',
      'closed: 1001 going away',
      'closed: 4001 "who are you"',
    ])
  })

  it('keeps the input for a server that is not there yet', async () => {
    const early = await serveRaw()
    const words = ['--compress', 'off', '--reconnect', '--reconnect-delay', '10ms', '--linger', '100ms', early.url]
    const command = new Running(words)
    command.child.stdin.end('kept\n')
    const refused = await early.accept()
    refused.write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n')
    await command.until(/connecting again/)
    const peer = await early.accept()
    await peer.accept()
    expect((await peer.readFrame()).text).to.equal('kept')
    // Nothing comes for as long as it lingers.
    expect((await peer.readFrame()).opcode).to.equal(8)
    await peer.send(8, Uint8Array.of(3, 232))
    peer.end()
    expect(await command.ended).to.equal(0)
  })

  it('begins each connection with what it is told to send', async () => {
    const server = await serve()
    const words = ['--send', 'hello', '--send', 'subscribe', '--reconnect', '--reconnect-delay', '10ms', '--count', '1']
    const command = new Running([...words, server.url])
    command.write('input\n')
    const first = await server.accept()
    for (const text of ['hello', 'subscribe', 'input']) expect((await first.message()).text).to.equal(text)
    first.socket.terminate()
    const second = await server.accept()
    for (const text of ['hello', 'subscribe']) expect((await second.message()).text).to.equal(text)
    second.socket.send('news')
    expect(await command.ended).to.equal(0)
    expect(command.output).to.equal('news\n')
  })

  it('sends pings, and limits what it receives', async () => {
    const server = await serve()
    // Without --wait, the end of the input is the start of a second in which it lingers, and the first ping comes after a second.
    const result = run(['--wait', '--ping', '1s', '--max-payload', '1K', server.url], { input: '' })
    const peer = await server.accept()
    await peer.ping()
    peer.socket.send('x'.repeat(1025))
    const { exitCode, errors } = await result
    expect(errors).to.include('WS_ERR_MESSAGE_TOO_BIG')
    expect(exitCode).to.equal(1)
  })

  it('shows the handshake in both directions with -v, and each frame with -vv', async () => {
    const server = await serve({ perMessageDeflate: true })
    const result = run(['-vv', '--count', '1', '--compress', '9', `${server.url}path?query`], {
      input: 'a'.repeat(100),
    })
    const peer = await server.accept()
    await peer.message()
    peer.socket.ping('p')
    peer.socket.send('b', { compress: false })
    const { errors, output } = await result
    expect(output).to.equal('b\n')
    expect(errors).to.match(/^> GET \/path\?query HTTP\/1.1\n> Host: 127/)
    expect(errors).to.include('\n< HTTP/1.1 101 Switching Protocols\n< upgrade: websocket\n')
    const time = /\d\d:\d\d:\d\d\.\d{3} /
    const frames = errors
      .split('\n')
      .filter(line => time.test(line))
      .map(line => line.replace(time, ''))
    expect(frames[0]).to.match(/^> text FIN RSV1 MASK \d\d? bytes$/)
    const others = ['< ping FIN 1 byte: "p"', '> pong FIN MASK 1 byte: "p"', '< text FIN 1 byte']
    expect(frames.slice(1, 4)).to.have.members(others)
    expect(frames.slice(4)).to.deep.equal(['> close FIN MASK 2 bytes: 1000 normal', '< close FIN 2 bytes: 1000 normal'])
    const plain = run(['-v', '--compress', 'off', '--linger', '1ms', server.url])
    expect((await server.accept()).request.headers).to.not.have.property('sec-websocket-extensions')
    expect((await plain).errors)
      .to.include('< HTTP/1.1 101')
      .and.not.match(time)
  })

  it('closes on Ctrl+C, and drops the connection on a second one', async () => {
    const server = await serve()
    const closing = new Running(['-v', server.url])
    const peer = await server.accept()
    await closing.until(/^open/m)
    closing.child.kill('SIGINT')
    expect(await closing.ended).to.equal(0)
    expect(await peer.closed).to.deep.equal({ code: 1000, reason: '' })

    const raw = await serveRaw()
    const dropping = new Running(['-vv', raw.url])
    const silent = await raw.accept()
    await silent.accept()
    await dropping.until(/^open/m)
    dropping.child.kill('SIGINT')
    await dropping.until(/> \S+ close/)
    dropping.child.kill('SIGINT')
    expect(await dropping.ended).to.equal(1)
    expect(dropping.errors).to.include('WS_ERR_TERMINATED')
  })

  const mistakes: readonly [what: string, words: readonly string[], told: string, advice?: string][] = [
    ['a URL of another scheme', ['ftp://a/'], 'ws: or wss:', 'Did you mean wss://a/?'],
    ['a URL without a scheme', ['localhost:8080/x'], '"localhost:8080/x" has no scheme', 'ws://localhost:8080/x'],
    ['no URL', ['this is none'], 'not a valid URL'],
    ['two URLs', ['ws://a/', 'ws://b/'], 'One URL at most'],
    ['options alone', ['-k'], 'There is no URL'],
    // As in a script whose variable is empty: the help is no message of a server.
    ['nothing at all, in a pipe', [], 'There is no URL'],
    ['a misspelt command', ['lisen', '80'], 'no command "lisen"', 'Did you mean "listen"?'],
    ['help of a command that is none', ['help', 'lisen'], 'There is no command "lisen"', 'Did you mean "listen"?'],
    ['a URL without a colon', ['http//a/b'], 'not a valid URL', 'Did you mean http://a/b?'],
    ['a port above all', ['ws://a:99999/'], 'not a valid URL', 'A port is a number up to 65535, not 99999'],
    ['an interval of zero', ['--ping', '0', 'ws://a/'], "--ping <TIME>' cannot be '0'", 'The shortest interval is 1ms'],
    ['a time that is too long', ['--ping', '1000h', 'ws://a/'], 'The longest duration is 596h'],
    ['a word too much', ['demo', 'more'], "too many arguments for 'demo'"],
    ['a record in a folder that is none', ['--record', 'nonesuch/a', 'ws://a/'], 'there is no folder nonesuch'],
    ['cookies in a folder that is none', ['--cookie-jar', 'nonesuch/a', 'ws://a/'], 'there is no folder nonesuch'],
    ['a document that is none', ['--asyncapi', 'package.json'], 'is no AsyncAPI document', '"asyncapi: 3.0.0"'],
    ['options of a program without dashes', ['listen', '0', 'sh', '-c', 'x'], "'-c'", 'listen 0 -- sh -c x'],
    ['a file that is not PEM', ['--cacert', 'package.json', 'ws://a/'], 'is not PEM', 'openssl x509'],
    ['a misspelt option', ['--heder', 'x', 'ws://a/'], "'--heder'", 'Did you mean --header?'],
    ['a header without a name', ['-H', 'nothing', 'ws://a/'], "'Name: value'"],
    ['a header of the handshake', ['-H', 'Upgrade: other', 'ws://a/'], 'The header "Upgrade" cannot be set'],
    ['a subprotocol with a space', ['-s', 'a b', 'ws://a/'], 'subprotocol'],
    [
      'a time that is none',
      ['--linger', 'soon', 'ws://a/'],
      "--linger <TIME>' cannot be 'soon'. A duration is written",
    ],
    ['a file that is not there', ['--cacert', 'nonesuch.pem', 'ws://a/'], 'there is no nonesuch.pem'],
    ['a certificate without its key', ['--cert', 'a.pem', 'ws://a/'], '--cert needs --key'],
    ['a user without a password', ['-u', 'me', 'ws://a/'], '--user has no password', 'name:password'],
    ['a level that is none', ['--compress', '11', 'ws://a/'], "a level from 0 to 9, or 'off'"],
    ['a port alone', [':8080/x'], '":8080/x" has no host', 'ws://localhost:8080/x or, to be a server'],
    ['a dash', ['-'], '"-" is not a valid URL', 'To be a server, type: whatwg-websocket listen'],
    ['an address of websocat', ['ws-l:127.0.0.1:80', 'mirror:'], 'not ws-l:', 'A URL is written ws://host:port/path'],
    ['a header behind a =', ['-H=A: b', 'ws://a/'], "-H 'Name: value', without a ="],
    ['the URL of wscat', ['-c', 'ws://a/'], "cannot be 'ws://a/'", 'no option: whatwg-websocket URL\n'],
    ['the text of wscat', ['-x', 'hi', 'ws://a/'], '--proxy', '--send TEXT'],
    ['an option of wscat', ['--show-ping-pong', 'ws://a/'], "'--show-ping-pong'", 'type -vv\n'],
    ['short options of websocat', ['-n1', 'ws://a/'], "'-n1'", '--wait\n'],
    ['an option of curl with its value', ['--cookie=a=b', 'ws://a/'], "'--cookie=a=b'", '--cookie-jar FILE\n'],
    ['an option that is like one of ours', ['--text', 'ws://a/'], "'--text'", "'--text'\nMessages are text unless"],
    ['a port that is none', ['listen', '70000'], "'70000' is no PORT", '"whatwg-websocket listen --help"'],
    ['a program without dashes', ['listen', '0', 'cat'], 'takes a port', 'listen 0 -- cat'],
  ]
  for (const [what, words, told, advice = ''] of mistakes) {
    it(`ends with 2 for ${what}`, async () => {
      const { exitCode, output, errors } = await run(words)
      expect(errors.split('\n')[0])
        .to.match(/^error: /)
        .and.include(told)
      expect(errors).to.include(advice).and.include('--help')
      expect([output, exitCode]).to.deep.equal(['', 2])
    })
  }

  it('tells how it is used, within 80 columns', async () => {
    for (const words of [['--help'], ['help']]) {
      const { exitCode, output, errors } = await run(words)
      expect([exitCode, errors]).to.deep.equal([0, ''])
      expect(output)
        .to.match(/^Usage: whatwg-websocket /)
        .and.include('Examples:')
      expect(Math.max(...output.split('\n').map(line => line.length))).to.be.at.most(80)
    }
    for (const words of [
      ['help', 'listen'],
      ['listen', '--help'],
    ]) {
      const { exitCode, output, errors } = await run(words)
      expect([exitCode, errors]).to.deep.equal([0, ''])
      expect(output)
        .to.include('[PORT] [-- COMMAND')
        .and.match(/\(default:\s+8080\)/)
    }
    expect((await run(['--version'])).output).to.match(/^\d+\.\d+\.\d+/)
  })

  it('goes through an exchange with a server of its own', async () => {
    const { exitCode, output, errors } = await run(['demo'], { folder: makeFolder() })
    expect([exitCode, errors]).to.deep.equal([0, ''])
    expect(output).to.include('install(globalThis, { override: true })')
    expect(output).to.include('code 1000, reason "That was all", wasClean true')
    expect(output).to.include('5 of 5 messages came back as sent.')
    // It works in a clone and in a project alike, where the command is not on the path.
    expect(output).to.include('Now talk to a server: npx whatwg-websocket wss://host/path')
    // No terminal, no colours.
    expect(output).to.not.include('\x1b')
  })
})
