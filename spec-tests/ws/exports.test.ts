import { createRequire } from 'node:module'
import { expect } from 'chai'
import { ConnectionError } from 'whatwg-websocket'
import Imported, * as exports from 'whatwg-websocket/ws'
import Real from 'ws'

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

  it('shares the engine with the package', async () => {
    const socket = new Imported('ws://127.0.0.1:1/')
    socket.on('error', () => {})
    socket.terminate()
    const [error] = await new Promise<[Error]>(resolve => socket.once('error', (...values) => resolve(values)))
    expect(error.cause).to.be.an.instanceof(ConnectionError)
  })
})
