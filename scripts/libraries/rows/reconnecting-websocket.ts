import { reconnectingRow } from '../reconnecting.ts'

export const row = reconnectingRow('reconnecting-websocket', async trip => {
  const { default: found } = await trip.load('reconnecting-websocket')
  return found.default ?? found
})
