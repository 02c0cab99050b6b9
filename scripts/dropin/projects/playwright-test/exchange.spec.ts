import { expect, test } from '@playwright/test'
import { failure, WebSocket } from 'whatwg-websocket'
import { exchange, withServer } from './exchange.cjs'

test('an exchange', async () => {
  await withServer(async (url: string) => {
    expect(await exchange(WebSocket, url)).toBe('text 1000')
  })
})

test('a failure', async () => {
  const socket = new WebSocket('ws://127.0.0.1:1/')
  await new Promise(resolve => {
    socket.onclose = resolve
  })
  expect(failure(socket)!.code).toBe('WS_ERR_BLOCKED_PORT')
})
