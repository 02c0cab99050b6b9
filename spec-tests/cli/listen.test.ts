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
