import type { Settings } from '../row.ts'

/* An echo server on Deno.serve, run by Deno. */

declare const Deno: {
  readonly args: readonly string[]
  readTextFileSync(path: string): string
  serve(options: object, handle: (request: Request) => Response): void
  upgradeWebSocket(request: Request, options: object): { socket: any; response: Response }
}

const { port, tlsPort, key, cert } = JSON.parse(Deno.args[0]!) as Settings

function handle(request: Request): Response {
  const path = new URL(request.url).pathname
  if (path === '/refused') return new Response('No', { status: 403 })
  if (path === '/redirect') return new Response(null, { status: 302, headers: { Location: '/echo' } })
  const offered = request.headers.get('sec-websocket-protocol')?.split(/,\s*/) ?? []
  const { socket, response } = Deno.upgradeWebSocket(request, offered.includes('echo') ? { protocol: 'echo' } : {})
  socket.binaryType = 'arraybuffer'
  socket.onmessage = ({ data }: { data: string | ArrayBuffer }) => {
    if (data === 'close') {
      for (let index = 0; index < 100; index++) socket.send(`last ${index}`)
      socket.close(4001, 'as you wish')
    } else socket.send(data)
  }
  return response
}

const onListen = (): void => {}
Deno.serve({ hostname: '127.0.0.1', port, onListen }, handle)
const files = { key: Deno.readTextFileSync(key), cert: Deno.readTextFileSync(cert) }
Deno.serve({ hostname: '127.0.0.1', port: tlsPort, ...files, onListen }, handle)
