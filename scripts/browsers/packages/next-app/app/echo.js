// Imported on both sides.
import { configured } from 'whatwg-websocket'

const Socket = configured({ headers: { 'X-Side': 'server' }, browser: 'ignore' })

export function echo(address, text) {
  return new Promise((resolve, reject) => {
    const socket = new Socket(address)
    socket.onopen = () => socket.send(text)
    socket.onerror = () => reject(new Error('no connection'))
    socket.onmessage = ({ data }) => {
      resolve(data)
      socket.close()
    }
  })
}
