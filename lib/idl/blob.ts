import { bytesOf } from './webidl.ts'

/** A Blob that is to be sent. */
export interface ReadableBlob {
  /** In bytes, as the Blob says. */
  readonly size: number
  /**
   * Reads the bytes. Rejects if the Blob fails, or gives something else.
   *
   * @throws TypeError if reading cannot begin
   */
  read(): Promise<Uint8Array>
}

/** The members of a Blob that are used: a Blob of the host, of another realm, or of a library. Older ones cannot be read. */
interface BlobLike {
  readonly size: number
  readonly slice?: unknown
  readonly arrayBuffer?: () => unknown
  readonly stream?: () => { getReader(): { read(): Promise<{ readonly done: boolean; readonly value: unknown }> } }
}

interface FileReaderLike {
  readonly result: unknown
  readonly error: unknown
  onloadend: () => void
  readAsArrayBuffer(blob: object): void
}

/** The host's class at load. One that is put on the global scope later has Blobs of its own, which only look alike. */
const HostBlob = globalThis.Blob as unknown as { new (parts: readonly unknown[]): object; prototype: BlobLike }
const arrayBuffer = HostBlob?.prototype.arrayBuffer
const getSize = HostBlob && Object.getOwnPropertyDescriptor(HostBlob.prototype, 'size')?.get

/** Makes a Blob of the realm in which this package was loaded. */
export function createBlob(parts: readonly object[]): object {
  return new HostBlob(parts)
}

/**
 * Converts to Blob; returns undefined for what is none. Unlike Web IDL, what looks like a Blob is taken for one, since a DOM
 * that runs within the host has a class of its own.
 *
 * @throws TypeError for what looks like a Blob and has no size, or nothing to read it by
 */
export function toBlob(value: unknown): ReadableBlob | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const blob = value as BlobLike
  const hostSize = sizeOfHostBlob(blob)
  if (hostSize === undefined && !looksLikeBlob(blob)) return undefined
  const size = hostSize ?? blob.size
  if (!Number.isSafeInteger(size) || size < 0) throw cannotSend('its size is not a number of bytes')
  if (hostSize !== undefined && arrayBuffer !== undefined)
    return { size, read: () => readBy(() => arrayBuffer.call(blob)) }
  const start = readerOf(blob)
  // A copy: the bytes may belong to others.
  return { size, read: () => readBy(start).then(bytes => new Uint8Array(bytes)) }
}

/** The size by the internal slot, whatever own `size` an object has; undefined for a Blob that is not of the host's class. */
function sizeOfHostBlob(value: object): number | undefined {
  try {
    return getSize?.call(value)
  } catch {
    return undefined
  }
}

/** By its tag, or by its members: Blobs of happy-dom have no tag. */
function looksLikeBlob(blob: BlobLike): boolean {
  // An object that was only made to inherit from the host's class is no Blob to Web IDL either.
  if (getSize !== undefined && blob instanceof HostBlob) return false
  if (/ (?:Blob|File)]$/.test(Object.prototype.toString.call(blob))) return true
  return typeof blob.size === 'number' && typeof blob.slice === 'function' && typeof blob.arrayBuffer === 'function'
}

/** Returns a function that starts to read a Blob of another class than the host's. @throws TypeError if there is no way */
function readerOf(blob: BlobLike): () => unknown {
  if (typeof blob.arrayBuffer === 'function') return () => blob.arrayBuffer!()
  if (typeof blob.stream === 'function') return () => readStream(blob)
  const { FileReader } = globalThis as unknown as { FileReader?: new () => FileReaderLike }
  if (FileReader !== undefined) return () => readFile(new FileReader(), blob)
  throw cannotSend('it has no arrayBuffer and no stream, and there is no FileReader')
}

/** Calls into the Blob, which may throw, and give anything or a promise of it. */
function readBy(start: () => unknown): Promise<Uint8Array> {
  let reading: unknown
  try {
    reading = start()
  } catch (cause) {
    throw cannotSend('it cannot be read', cause)
  }
  return Promise.resolve(reading).then(data => {
    const bytes = bytesOf(data)
    if (bytes === undefined) throw cannotSend('it gave something other than bytes')
    return bytes
  })
}

async function readStream(blob: BlobLike): Promise<Uint8Array> {
  const reader = blob.stream!().getReader()
  const bytes = new Uint8Array(blob.size)
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return bytes.subarray(0, length)
    // Throws for something other than bytes, and for more than the size.
    const chunk = bytesOf(value)!
    bytes.set(chunk, length)
    length += chunk.length
  }
}

/** The way of jsdom, whose Blobs have no methods to read them. */
function readFile(reader: FileReaderLike, blob: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    reader.onloadend = () => (reader.error === null ? resolve(reader.result) : reject(reader.error))
    reader.readAsArrayBuffer(blob)
  })
}

function cannotSend(reason: string, cause?: unknown): TypeError {
  return new TypeError(`The Blob cannot be sent: ${reason}`, { cause })
}
