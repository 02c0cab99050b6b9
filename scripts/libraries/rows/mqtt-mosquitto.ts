import { row as server } from '../../servers/rows/mosquitto.ts'
import { description, publishAndReceive, reached } from '../mqtt.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'mqtt',
  server: { started: server },
  reached,
  trip: description,
  large: true,
  async run(trip) {
    const { port } = await trip.start()
    await publishAndReceive(trip, port)
  },
}
