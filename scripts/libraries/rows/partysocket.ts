import { reconnectingRow } from '../reconnecting.ts'

export const row = reconnectingRow('partysocket', async trip => (await trip.load('partysocket/ws')).default)
