import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { makeFolder } from '../support/temporary-folder.ts'
import { useLoopback } from '../support/ws-server.ts'
import { run, startListening, useCommand } from './command.ts'

describe('The command, by other ways to the server', function () {
  // It starts processes, on machines that have other things to do.
  this.timeout(60_000)
  useCommand()
  const { serve, afterwards } = useLoopback()

  it('goes through a proxy, with the frames of the server in sight', async () => {
    const server = await serve()
    const tunnels: string[] = []
    const proxy = createServer().on('connect', (request, socket) => {
      tunnels.push(request.url!)
      const onward = connect(server.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        onward.pipe(socket).pipe(onward)
      })
      for (const end of [onward, socket]) end.on('error', () => {})
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    afterwards(() => proxy.close())
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const result = run(['-vv', '--proxy', proxyUrl, '--count', '1', server.url], { input: 'hello' })
    const peer = await server.accept()
    peer.socket.send((await peer.message()).data, { binary: false })
    const { exitCode, output, errors } = await result
    expect([exitCode, output]).to.deep.equal([0, 'hello\n'])
    expect(tunnels).to.deep.equal([`127.0.0.1:${server.port}`])
    expect(errors).to.match(/> \S+ text FIN .*MASK/)
    const wrong = await run(['--proxy', 'ftp://127.0.0.1', server.url])
    expect(wrong.errors).to.include('error: --proxy: ')
    expect(wrong.exitCode).to.equal(2)
  })

  it('says what to type where a certificate is not trusted, or a server wants to know who connects', async () => {
    const { cert, key } = await makeCertificate()
    const folder = makeFolder({ 'cert.pem': cert })
    const https = createTlsServer({ cert, key })
    const server = new WebSocketServer({ server: https, verifyClient: (_info, refuse) => refuse(false, 401) })
    https.listen(0, '127.0.0.1')
    await once(https, 'listening')
    afterwards(() => {
      server.close()
      https.close()
    })
    const url = `wss://127.0.0.1:${(https.address() as AddressInfo).port}/`
    const untrusted = await run([url])
    expect(untrusted.errors).to.include('--cacert FILE (-k trusts any)').and.include('WS_ERR_TLS')
    expect(untrusted.errors).to.not.include('tls.ca')
    expect(untrusted.exitCode).to.equal(1)
    for (const words of [['-k'], ['--cacert', 'cert.pem']]) {
      const refused = await run([...words, url], { folder })
      expect(refused.errors).to.include('401 Unauthorized').and.include('-u NAME:PASS')
      expect(refused.exitCode).to.equal(1)
    }
  })

  it('says what to type where a certificate is for another name', async () => {
    const { cert, key } = await makeCertificate({ names: ['other.example'], addresses: [] })
    const folder = makeFolder({ 'cert.pem': cert, 'key.pem': key })
    const { url } = await startListening(['--cert', join(folder, 'cert.pem'), '--key', join(folder, 'key.pem')])
    const { exitCode, errors } = await run(['--cacert', 'cert.pem', url], { folder })
    expect(errors).to.include('other.example').and.include('the URL has to name one of them (-k trusts any)')
    expect(errors).to.not.include('because:').and.not.include('tls.')
    expect(exitCode).to.equal(1)
  })

  it('shows a certificate of its own to a server that wants one', async () => {
    const authority = await makeAuthority()
    const { cert, key } = await makeCertificate({ authority })
    const ann = await makeCertificate({ authority, names: ['ann.example'] })
    const folder = makeFolder({ 'ca.pem': authority.cert, 'ann.pem': ann.cert, 'ann.key': ann.key })
    const https = createTlsServer({ cert, key, ca: authority.cert, requestCert: true })
    const server = new WebSocketServer({ server: https })
    server.on('connection', (peer, request) => {
      peer.send((request.socket as TLSSocket).getPeerCertificate().subject.CN!)
    })
    https.listen(0, '127.0.0.1')
    await once(https, 'listening')
    afterwards(() => {
      for (const peer of server.clients) peer.terminate()
      https.close()
    })
    const url = `wss://127.0.0.1:${(https.address() as AddressInfo).port}/`
    const words = ['--cacert', 'ca.pem', '--count', '1', url]
    const known = await run(['--cert', 'ann.pem', '--key', 'ann.key', ...words], { folder })
    expect(known).to.include({ exitCode: 0, output: 'ann.example\n', errors: '' })
    const unknown = await run(words, { folder })
    expect(unknown.errors).to.include('does not accept the client certificate, or wants one: see --cert and --key')
    expect(unknown).to.include({ exitCode: 1, output: '' })
  })

  it('connects to a Unix socket, and keeps cookies in a file', async () => {
    const folder = makeFolder()
    const http = createServer()
    const server = new WebSocketServer({ server: http })
    server.on('headers', headers => headers.push('Set-Cookie: session=1; HttpOnly'))
    server.on('connection', (peer, request) => peer.send(`${request.headers.host} ${request.headers.cookie}`))
    http.listen(join(folder, 'server.sock'))
    await once(http, 'listening')
    afterwards(() => http.close())
    const words = ['--unix', 'server.sock', '--cookie-jar', 'cookies.txt', '--count', '1', 'ws://chat.example/']
    expect(await run(words, { folder })).to.include({ exitCode: 0, output: 'chat.example undefined\n' })
    expect(readFileSync(join(folder, 'cookies.txt'), 'utf8')).to.include('#HttpOnly_chat.example\tFALSE\t/\t')
    expect(await run(words, { folder })).to.include({ exitCode: 0, output: 'chat.example session=1\n' })
  })

  it('speaks HTTP/2, and shows it', async () => {
    const { cert, key } = await makeCertificate()
    const folder = makeFolder({ 'cert.pem': cert })
    const server = createSecureServer({ cert, key, settings: { enableConnectProtocol: true } })
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      if (headers[':protocol'] !== 'websocket') return stream.close()
      stream.respond({ ':status': 200 })
      // A text frame, and a Close frame once the client's has come.
      stream.write(Buffer.of(0x81, 2, 0x68, 0x32))
      stream.once('data', () => stream.end(Buffer.of(0x88, 2, 0x03, 0xe8)))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    afterwards(() => server.close())
    const url = `wss://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const words = ['--http2', '--cacert', 'cert.pem', '-vv', '--count', '1', url]
    const { exitCode, output, errors } = await run(words, { folder })
    expect([exitCode, output]).to.deep.equal([0, 'h2\n'])
    expect(errors).to.include('> CONNECT / HTTP/2').and.include('< HTTP/2 200')
    expect(errors).to.match(/< \S+ text FIN 2 bytes/)
  })
})
