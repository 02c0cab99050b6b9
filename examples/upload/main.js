/**
 * node main.js [FILE] [URL]: uploads a file. Without a file, one of 64 MiB is made; without a URL, a slow server is started.
 */
import { fork } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { WebSocketStream } from 'whatwg-websocket'

const MEBIBYTE = 1024 * 1024
/** What the buffers of both processes and of the system may hold between reading a part and the server's word that it has it. */
const MOST_UNDER_WAY = 16 * MEBIBYTE

const folder = mkdtempSync(join(tmpdir(), 'upload-'))
const [file = makeFile(), address] = process.argv.slice(2)
const server = address === undefined ? fork(new URL('server.js', import.meta.url)) : undefined
const url = address ?? (await once(server, 'message'))[0]
try {
  await upload(file, url)
} finally {
  server?.disconnect()
  rmSync(folder, { recursive: true })
}

async function upload(path, url) {
  const { size } = statSync(path)
  const hash = createHash('sha256')
  let read = 0
  let received = 0
  let most = 0

  const stream = new WebSocketStream(url)
  const { readable, writable } = await stream.opened

  // The file is read as fast as this pipe takes it, and the pipe waits for the server.
  const meter = new TransformStream({
    transform(part, controller) {
      hash.update(part)
      read += part.length
      most = Math.max(most, read - received)
      controller.enqueue(part)
    },
  })
  const writer = writable.getWriter()
  await writer.write(JSON.stringify({ name: basename(path), size }))
  writer.releaseLock()
  const parts = Readable.toWeb(createReadStream(path, { highWaterMark: MEBIBYTE / 4 }))
  const sending = parts.pipeThrough(meter).pipeTo(writable, { preventClose: true })

  let sha256
  for await (const text of readable) {
    const answer = JSON.parse(text)
    received = answer.received
    sha256 = answer.sha256
    if (process.stderr.isTTY) process.stderr.write(`\r${Math.floor((received / size) * 100)} %`)
    if (sha256 !== undefined) break
  }
  await sending
  stream.close({ closeCode: 1000 })
  await stream.closed
  if (process.stderr.isTTY) process.stderr.write('\r')

  console.log(`uploaded ${size} bytes`)
  console.log(sha256 === hash.digest('hex') ? 'the server has the same SHA-256' : 'THE SERVER HAS SOMETHING ELSE')
  console.log(`under way were never more than ${MOST_UNDER_WAY / MEBIBYTE} MiB: ${most <= MOST_UNDER_WAY}`)
}

function makeFile() {
  const path = join(folder, 'random')
  writeFileSync(path, randomBytes(64 * MEBIBYTE))
  return path
}
