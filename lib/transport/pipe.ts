/**
 * The byte transport under a WebSocket: what an author of a transport implements, and what the library calls.
 *
 * A transport comes in by one of two doors. A host that gives bytes hands over a {@link Pipe} (or a
 * {@link Duplex}, which needs no adapter) and the library speaks HTTP/1.1 over it. A host that speaks HTTP
 * itself gives an {@link Upgrade}, and the pipe of the exchange once it was upgraded.
 */

/** An open, ordered, reliable byte pipe that is owned by one connection. */
export interface Pipe {
  /** Called once, before anything else. The pipe must not call the sink before or during this call. */
  start(sink: PipeSink): void
  /**
   * Sends `bytes` in order. They are the pipe's own from now on, unless it `givesBack`.
   *
   * @param more another write follows in this turn, so that a pipe may gather them
   * @returns false if some of the bytes have to wait; `sink.drain()` then follows once all have left
   */
  write(bytes: Uint8Array, more: boolean): boolean
  /** Sends what was written, then tells the peer that no more comes (half-close). */
  end(): void
  /** Drops the connection now. No `data` follows; `sink.close()` still does. */
  abort(reason?: unknown): void
  /** Asks for no more `data` until `resume`, so that the peer feels backpressure. */
  pause(): void
  resume(): void
  /** Bytes that were accepted and not yet handed to the network. Feeds `bufferedAmount`. */
  readonly buffered?: number | undefined
  /**
   * No byte is looked at any more once `write` has returned true, or `drain` or `close` was called: the caller writes over
   * them then, also if they were not sent. They stand in memory that is not the pipe's alone, so it must not transfer that. Without this, each write has a copy.
   */
  readonly givesBack?: boolean | undefined
  /** Lets the connection keep the process alive (the default), where the host has such a notion. */
  ref?(): void
  unref?(): void
}

/** Where a {@link Pipe} puts what happens on it. Never called inside `start` or `write`. */
export interface PipeSink {
  /** Bytes from the peer, valid only during the call. Never re-entered. */
  data(bytes: Uint8Array): void
  /**
   * Where the next bytes would be best put, for a pipe that can choose: what it reads into the front of that it passes to
   * `data` as the same part of the same memory, before it asks again; or, where it has to hold it back, as a copy.
   */
  room?(): Uint8Array | undefined
  /** All bytes that had to wait have left. */
  drain(): void
  /** The peer will send no more (FIN). */
  end(): void
  /** The pipe is gone: exactly once, and last. */
  close(error?: unknown): void
}

/** A pair of byte streams, as Deno, Cloudflare and most stream-based hosts give it. */
export interface Duplex {
  readonly readable: {
    getReader(): {
      read(): Promise<{ done: boolean; value?: unknown }>
      cancel(reason?: unknown): Promise<unknown>
    }
  }
  readonly writable: {
    getWriter(): {
      readonly ready: Promise<unknown>
      write(chunk: Uint8Array): Promise<unknown>
      close(): Promise<unknown>
      abort(reason?: unknown): Promise<unknown>
    }
  }
}

/** Names and values of HTTP fields in the order of the wire; names are lower case in responses. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>

/** The opening handshake as an HTTP request. */
export interface UpgradeRequest {
  /** The request target: path and query. */
  readonly target: string
  readonly headers: HeaderList
}

/** The head of an HTTP response. */
export interface ResponseHead {
  readonly status: number
  readonly statusText: string
  readonly headers: HeaderList
}

/** Where an {@link Upgrade} reports. Exactly one of the three is called, once. */
export interface UpgradeHandler {
  /** Status 101. The pipe is to be started, or aborted, within this call. */
  upgraded(head: ResponseHead, pipe: Pipe): void
  /** Any other final response, with what could be read of its body (up to 64 KiB). */
  refused(head: ResponseHead, body: Uint8Array): void
  /** No usable response. */
  failed(error: unknown): void
}

/** Sends a request and reports to the handler; the function that comes back gives the exchange up. */
export type Upgrade = (request: UpgradeRequest, handler: UpgradeHandler) => (reason?: unknown) => void
