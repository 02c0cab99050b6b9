import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { failure, WebSocket } from '#lib/entry/node.js'
import { runNode } from '../support/child.ts'
import { root } from '../support/root.ts'
import { next, useLoopback } from '../support/ws-server.ts'

describe('Debugging', () => {
  const loopback = useLoopback()

  function runScript(text: string, env: Record<string, string> = {}) {
    const folder = mkdtempSync(join(root, 'build', 'debug-'))
    const file = join(folder, 'script.mjs')
    writeFileSync(file, text)
    return runNode([file], { environment: env }).finally(() => rmSync(folder, { recursive: true }))
  }

  const talk = (url: string, options: string): string => `
    import { WebSocket } from 'whatwg-websocket'
    const socket = new WebSocket('${url.replace('//', '//user:secret@')}', ${options})
    socket.onopen = () => socket.send('hello')
    socket.onmessage = () => socket.close(1000, 'bye')`

  for (const [title, options, env] of [
    ['the option debug', "{ debug: true, headers: { cookie: 'a=b' } }", {}],
    ['NODE_DEBUG=websocket', "{ headers: { cookie: 'a=b' } }", { NODE_DEBUG: 'websocket' }],
  ] as const) {
    it(`${title} prints the handshake, frames and states without credentials`, async () => {
      const { url, accept } = await loopback.serve()
      const ended = runScript(talk(url, options), env)
      const peer = await accept()
      peer.socket.send((await peer.message()).data)
      const { errors, output, exitCode } = await ended
      expect({ output, exitCode }).to.deep.equal({ output: '', exitCode: 0 })
      const lines = errors.split('\n').map(line => line.replace('websocket 1: ', ''))
      expect(lines[0]).to.equal(`CONNECTING ${url.replace('//', '//***@')}`)
      expect(lines).to.include.members(['> GET / HTTP/1.1', '> Authorization: ***', '> cookie: ***'])
      expect(lines).to.include.members(['< HTTP/1.1 101 Switching Protocols', 'OPEN, protocol "", extensions ""'])
      const rest = lines.slice(lines.findIndex(line => line.startsWith('OPEN')) + 1)
      expect(rest).to.deep.equal([
        '> text FIN, 5 bytes',
        '< binary FIN, 5 bytes',
        'CLOSING',
        '> close FIN, 5 bytes: 1000 (normal closure) "bye"',
        '< close FIN, 5 bytes: 1000 (normal closure) "bye"',
        'CLOSED 1000 (normal closure) "bye"',
        '',
      ])
      expect(errors).not.to.match(/secret|a=b|hello/)
    })
  }

  it('prints nothing otherwise', async () => {
    const { url, accept } = await loopback.serve()
    const ended = runScript(talk(url, '{}'))
    const peer = await accept()
    peer.socket.send((await peer.message()).data)
    expect((await ended).errors).to.equal('')
  })

  it('makes the stack of a failure lead to where the socket was constructed', async () => {
    const server = await loopback.serveRaw()
    const script = `
      import { failure, WebSocket } from 'whatwg-websocket'
      class Mine extends WebSocket {}
      function makeSocket() { return new Mine('${server.url}', { debug: true }) }
      console.error = () => {}
      const socket = makeSocket()
      socket.onclose = () => console.log(failure(socket).stack)`
    const ended = runScript(script)
    const peer = await server.accept()
    await peer.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
    const { output } = await ended
    expect(output).to.match(
      /^ConnectionError: The server answered .* 403 Forbidden instead of 101\n {4}at makeSocket \(/,
    )
  })

  it('cannot be forged by a server', async () => {
    const server = await loopback.serveRaw()
    const printed: string[] = []
    const { error: print } = console
    console.error = (line: string) => printed.push(line)
    try {
      const socket = new WebSocket(server.url, { debug: true })
      const peer = await server.accept()
      await peer.write('HTTP/1.1 403 \x1b[31mred\r\nContent-Length: 0\r\n\r\n')
      await next(socket, 'close')
      // The log is written by tasks, some of which come after the event.
      while (!printed.at(-1)?.includes('CLOSED')) await new Promise(setImmediate)
    } finally {
      console.error = print
    }
    expect(printed.join('')).not.to.match(/[\p{Cc}]/u)
    expect(printed.at(-1)).to.match(/CLOSED 1006 \(abnormal closure\), not cleanly$/)
  })
})

describe('The message of a refused handshake', () => {
  const loopback = useLoopback()

  async function messageFor(response: string): Promise<string> {
    const server = await loopback.serveRaw()
    const socket = new WebSocket(`${server.url}path`)
    const peer = await server.accept()
    await peer.write(response)
    await next(socket, 'close')
    return failure(socket)!.message
  }

  const refuse = (body: string, type = '', status = '403 No'): string =>
    `HTTP/1.1 ${status}\r\n${type === '' ? '' : `Content-Type: ${type}\r\n`}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  const start = 'The server answered the handshake with status 403 No instead of 101'

  it('shows the first line of a text', async () => {
    expect(await messageFor(refuse('\n  no entry  \nsecond', 'text/plain; charset=utf-8'))).to.equal(
      `${start}: "no entry"`,
    )
    expect(await messageFor(refuse('no type'))).to.equal(`${start}: "no type"`)
    expect(await messageFor(refuse('{"a":1}', 'application/problem+json'))).to.equal(
      `${start}: ${JSON.stringify('{"a":1}')}`,
    )
  })

  it('shows no page, no bytes that are no text, and no more than a line', async () => {
    expect(await messageFor(refuse('<!doctype html>', 'text/html'))).to.equal(start)
    expect(await messageFor(refuse(''))).to.equal(start)
    const message = await messageFor(refuse('x'.repeat(5000)))
    expect(message).to.match(/: "x+…"$/)
    expect(message.length).to.be.below(250)
  })

  it('says where a redirect points, without credentials', async () => {
    const to = (location: string) => `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`
    expect(await messageFor(to('https://user:secret@host.example/login?token=1#a'))).to.match(
      /302 Found instead of 101\. It points to "https:\/\/host\.example\/login"$/,
    )
  })
})
