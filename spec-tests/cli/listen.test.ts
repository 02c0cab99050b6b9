import { createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import { expect } from 'chai'
import { handshake, WebSocket } from '#lib/entry/node.js'
import { makeCertificate } from '../support/certificates.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { next, useLoopback } from '../support/ws-server.ts'
import { interrupt, run, startListening, useCommand } from './command.ts'

describe('The command as a server', function () {
  // It starts processes, on machines that have other things to do.
  this.timeout(60_000)
  useCommand()

  const { open, socket } = useLoopback()

  it('echoes text and bytes', async () => {
    const { url, server } = await startListening(['--protocol', 'chat', '--verbose'])
    const client = await open(url, ['other', 'chat'])
    expect(client.protocol).to.equal('chat')
    client.binaryType = 'arraybuffer'
    client.send('text')
    expect((await next(client, 'message')).data).to.equal('text')
    client.send(Uint8Array.of(1, 2))
    expect(new Uint8Array((await next(client, 'message')).data)).to.deep.equal(Uint8Array.of(1, 2))
    const closed = next(client, 'close')
    expect(await interrupt(server)).to.equal(0)
    expect(await closed).to.include({ code: 1001, wasClean: true })
    expect(server.errors).to.include('#1 open /').and.include('#1 closed: 1001')
  })

  it('is a server for the command itself', async () => {
    const { url } = await startListening()
    const result = await run(['--count', '2', url], { input: 'one\ntwo\n' })
    expect(result).to.deep.equal({ output: 'one\ntwo\n', errors: '', exitCode: 0 })
  })

  it('runs a program for each connection, which reads and writes lines', async () => {
    const script = 'echo "$REQUEST_URI $QUERY_STRING $HTTP_X_NAME"; while read line; do echo "<$line>"; done; exit 3'
    const { url, server } = await startListening(['--', 'sh', '-c', script])
    const client = await open(`${url}path?a=b`, { headers: { 'X-Name': 'value', Proxy: 'evil' } })
    expect((await next(client, 'message')).data).to.equal('/path?a=b a=b value')
    client.send('line')
    expect((await next(client, 'message')).data).to.equal('<line>')
    client.close()
    await next(client, 'close')
    await server.until(/#1 sh ended with code 3/)
  })

  it('closes with the program, and passes on what it complains of', async () => {
    const { url, server } = await startListening(['--', 'sh', '-c', 'echo last; echo trouble >&2; exit 1'])
    const client = socket(url)
    const message = next(client, 'message')
    const closed = next(client, 'close')
    expect((await message).data).to.equal('last')
    expect(await closed).to.include({ code: 1011, wasClean: true })
    await server.until(/#1 trouble/)

    const missing = await startListening(['--', 'no-such-program-at-all'])
    const other = await next(socket(missing.url), 'close')
    expect(other).to.include({ code: 1011, reason: 'The program does not start' })
    await missing.server.until(/no-such-program-at-all does not start: there is no such program/)
  })

  it('goes on when a program writes what is not UTF-8', async () => {
    const script = 'read how; printf "\\377\\n" >&2; [ $how = text ] && printf "\\377\\n"; read rest; echo $rest'
    const { url, server } = await startListening(['--', 'sh', '-c', script])
    const first = await open(url)
    const closed = next(first, 'close')
    first.send('text')
    expect(await closed).to.include({ code: 1011, reason: 'The output is not UTF-8', wasClean: true })
    await server.until(/#1 \ufffd\n/)
    await server.until(/#1 What sh writes cannot be sent: a line is not UTF-8; --binary sends bytes\n/)
    const second = await open(url)
    second.send('errors')
    await server.until(/#2 \ufffd\n/)
    const answer = next(second, 'message')
    second.send('still')
    expect((await answer).data).to.equal('still')
  })

  it('says what is wrong with its certificate or its key', async () => {
    const [one, other] = await Promise.all([makeCertificate(), makeCertificate()])
    const key = createPrivateKey(one.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    })
    const folder = makeFolder({
      'cert.pem': one.cert,
      'other.pem': other.key,
      'secret.pem': String(key),
      'no.pem': 'x',
      'bad.pem': '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
    })
    for (const [file, told] of [
      ['other.pem', '--key is not the private key of the certificate of --cert'],
      ['secret.pem', 'The private key of --key is encrypted'],
      ['no.pem', 'The file of --key is not PEM'],
      ['bad.pem', 'The file of --key cannot be used'],
    ] as const) {
      const words = ['listen', '0', '--cert', join(folder, 'cert.pem'), '--key', join(folder, file)]
      const { exitCode, errors } = await run(words)
      expect(errors)
        .to.match(/^error: /)
        .and.include(told)
      expect(exitCode).to.equal(2)
    }
  })

  it('passes bytes unchanged with --binary', async () => {
    const { url } = await startListening(['--binary', '--', 'cat'])
    const client = await open(url)
    client.binaryType = 'arraybuffer'
    client.send(Uint8Array.of(10, 0, 255))
    expect(new Uint8Array((await next(client, 'message')).data)).to.deep.equal(Uint8Array.of(10, 0, 255))
  })

  it('lets only pages of this machine drive a program, unless others are named', async () => {
    const { url } = await startListening(['--', 'cat'])
    await open(url, { origin: 'http://localhost:3000' })
    const stranger = socket(url, { origin: 'https://evil.example' })
    await next(stranger, 'close')
    expect(handshake(stranger)?.status).to.equal(401)
    const named = await startListening(['--origin', 'https://good.example', '--', 'cat'])
    await open(named.url, { origin: 'https://good.example' })
    await next(socket(named.url, { origin: 'http://localhost' }), 'close')
  })

  it('serves wss, to a client that trusts its authority', async () => {
    const { cert, key } = await makeCertificate()
    const folder = makeFolder({ 'cert.pem': cert, 'key.pem': key })
    const { url } = await startListening(['--cert', `${folder}/cert.pem`, '--key', `${folder}/key.pem`])
    expect(url).to.match(/^wss:/)
    const input = 'secret'
    expect(await run(['--cacert', `${folder}/cert.pem`, '-c', '1', url], { input })).to.include({ output: 'secret\n' })
    expect(await run(['--insecure', '-c', '1', url], { input })).to.include({ output: 'secret\n' })
    const { exitCode, errors } = await run([url], { input })
    expect(errors).to.include('WS_ERR_TLS')
    expect(exitCode).to.equal(1)
  })

  it('names a port that is in use', async () => {
    const { url } = await startListening()
    const { port } = new URL(url)
    const { exitCode, errors } = await run(['listen', port])
    expect(errors).to.include(`Port ${port} is in use`)
    expect(exitCode).to.equal(2)
    expect(WebSocket.OPEN).to.equal(1)
  })
})
