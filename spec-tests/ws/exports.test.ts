import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { ConnectionError } from 'whatwg-websocket'
import Imported, * as exports from 'whatwg-websocket/ws'
import Real, { WebSocketServer } from 'ws'

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

  it('shares the engine with the package', async () => {
    const socket = new Imported('ws://127.0.0.1:1/')
    socket.on('error', () => {})
    socket.terminate()
    const [error] = await new Promise<[Error]>(resolve => socket.once('error', (...values) => resolve(values)))
    expect(error.cause).to.be.an.instanceof(ConnectionError)
  })
})
