import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { build } from 'esbuild'
import { ConnectionError } from 'whatwg-websocket'
import Imported, * as exports from 'whatwg-websocket/ws'
import Real, { WebSocketServer } from 'ws'
import { runModule } from '../support/child.ts'
import { root } from '../support/root.ts'
import { makeFolder } from '../support/temporary-folder.ts'

const require = createRequire(import.meta.url)

describe('The stand-in for ws: its exports', () => {
  it('is the class itself by require, and the same class by import', () => {
    const required = require('whatwg-websocket/ws')
    expect(required).to.be.a('function')
    expect(required.name).to.equal('WebSocket')
    expect(Imported).to.equal(required)
    expect(exports.WebSocket).to.equal(required)
    expect(required.WebSocket).to.equal(required)
  })

  it('has all exports of ws, by both', async () => {
    const required = require('whatwg-websocket/ws')
    expect(Object.keys(required)).to.have.members(Object.keys(require('ws')))
    expect(Object.keys(exports)).to.include.members(Object.keys(await import('ws')))
    for (const [name, value] of Object.entries(exports)) {
      if (name !== 'default') expect(required[name], name).to.equal(value)
    }
    expect(Imported.OPEN).to.equal(Real.OPEN)
  })

  it('gives events whose classes have the names of ws, whatever the bundler calls them', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    server.on('connection', peer => {
      peer.send('text')
      peer.close()
    })
    const { port } = server.address() as AddressInfo
    const names: string[] = []
    const note = (event: object): void => void names.push(event.constructor.name)
    const socket = new Imported(`ws://127.0.0.1:${port}/`)
    socket.onopen = note
    socket.onmessage = note
    await new Promise<void>(resolve => {
      socket.onclose = event => {
        note(event)
        resolve()
      }
    })
    server.close()
    const failing = new Imported('ws://127.0.0.1:1/')
    failing.onerror = note
    await new Promise(resolve => {
      failing.onclose = resolve
    })
    expect(names).to.deep.equal(['Event', 'MessageEvent', 'CloseEvent', 'ErrorEvent'])
  })

  for (const minify of [false, true]) {
    it(`has the name of the class in errors and stacks, in a bundle ${minify ? 'that is minified' : 'as well'}`, async () => {
      const program = `
        import 'whatwg-websocket'
        import Ws from 'whatwg-websocket/ws'
        try { Ws() } catch (error) { console.log(error.message) }
        try { new Ws('ftp://localhost/') } catch (error) { console.log(error.stack.includes('at new WebSocket ')) }
        console.log(Ws.name, Ws.length, Object.hasOwn(Ws.prototype, 'send'), Ws.prototype.constructor === Ws)`
      const folder = makeFolder()
      const outfile = join(folder, 'program.mjs')
      const stdin = { contents: program, resolveDir: root }
      await build({ stdin, bundle: true, minify, platform: 'node', format: 'esm', outfile })
      for (const { lines, errors } of [
        await runModule(program),
        await runModule(`import ${JSON.stringify(outfile)}`),
      ]) {
        expect(errors).to.equal('')
        const call = "Class constructor WebSocket cannot be invoked without 'new'"
        expect(lines).to.deep.equal([call, 'true', 'WebSocket 3 true true'])
      }
    })
  }

  it('shares the engine with the package', async () => {
    const socket = new Imported('ws://127.0.0.1:1/')
    socket.on('error', () => {})
    socket.terminate()
    const [error] = await new Promise<[Error]>(resolve => socket.once('error', (...values) => resolve(values)))
    expect(error.cause).to.be.an.instanceof(ConnectionError)
  })
})
