/**
 * The byte transport under a WebSocket: what an author of a transport implements, and what the library calls.
 *
 * There are two kinds of transport. A host that gives bytes provides a {@link Pipe} (or a {@link Duplex}, which needs no
 * adapter), and the library speaks HTTP/1.1 over it. A host that speaks HTTP itself provides an {@link Upgrade}, which
 * gives the pipe of the exchange once it was upgraded.
 */

/** An open, ordered, reliable byte pipe that is owned by one connection. */
export interface Pipe {
  /** Called once, before anything else. The pipe must not call the sink before or during this call. */
  start(sink: PipeSink): void
  /**
   * Sends `bytes`, after those of earlier writes. The pipe owns them from now on, unless it `givesBack`.
   *
   * @param more whether another write follows in this turn, so that a pipe may gather them
   * @returns false if some of the bytes have to wait; `sink.drain()` then follows once all have left
   */
  write(bytes: Uint8Array, more: boolean): boolean
  /** Sends the written bytes, then tells the peer that no more will follow (half-close). */
  end(): void
  /** Drops the connection now. No `data` follows; `sink.close()` still does. */
  abort(reason?: unknown): void
  /** Asks for no more `data` until `resume`, so that the peer feels backpressure. */
  pause(): void
  /** Asks for `data` again. */
  resume(): void
  /** Bytes that were accepted and not yet handed to the network. Feeds `bufferedAmount`. */
  readonly buffered?: number | undefined
  /**
   * True if the pipe reads none of the bytes any more once `write` has returned true, or it has called `drain` or `close`: the
   * library then reuses their memory, also if they were not sent. Other connections use parts of the same memory, so the pipe
   * must not transfer it. Unless this is true, each write gets a copy.
   */
  readonly givesBack?: boolean | undefined
  /** Lets the connection keep the process alive (the default), where the host has such a notion. */
  ref?(): void
  /** Lets the process end while the connection is open. */
  unref?(): void
}

/** Where a {@link Pipe} puts what happens on it. Never called inside `start` or `write`. */
export interface PipeSink {
  /** Bytes from the peer, valid only during the call. Never re-entered. */
  data(bytes: Uint8Array): void
  /**
   * Memory to read the next bytes to, for a pipe that can choose; it saves a copy. What was read to the front of it is passed
   * to `data` as that part of the memory, before `room` is called again. Bytes that must be held until `resume` are copied.
   * Undefined if any other memory is as good.
   */
  room?(): Uint8Array | undefined
  /** After a `write` that returned false: all bytes that had to wait have left. */
  drain(): void
  /** The peer will send no more (FIN). */
  end(): void
  /** The pipe is gone: exactly once, and last. */
  close(error?: unknown): void
}

/** A pair of byte streams, as Deno, Cloudflare and most hosts with streams provide it. */
export interface Duplex {
  /** Gives what arrives, as Uint8Arrays. Its end is that of the connection. */
  readonly readable: {
    /** Called once. */
    getReader(): {
      /** The next bytes, or that there are no more. Rejects if the connection is lost. */
      read(): Promise<{
        /** Whether there are no more. */
        done: boolean
        /** The bytes, as a Uint8Array. */
        value?: unknown
      }>
      /** Called when the connection is dropped. */
      cancel(reason?: unknown): Promise<unknown>
    }
  }
  /** Takes the outgoing bytes. */
  readonly writable: {
    /** Called once. */
    getWriter(): {
      /** Pending while the stream wants no more bytes. */
      readonly ready: Promise<unknown>
      /** The stream may keep the bytes. */
      write(chunk: Uint8Array): Promise<unknown>
      /** Called when all is written. */
      close(): Promise<unknown>
      /** Called when the connection is dropped. */
      abort(reason?: unknown): Promise<unknown>
    }
  }
}

/** A duplex stream of Node.js, as far as it is used: a `net.Socket`, a `tls.TLSSocket`, or one of any library. */
export interface NodeStream {
  /** For the events `data`, `end`, `error` and `close`, and of a socket those of its connecting. */
  on(event: string, listener: (...args: any[]) => void): unknown
  /** The stream may keep the bytes. The callback says that the next ones may follow. */
  write(bytes: Uint8Array, callback: (error?: any) => void): unknown
  /** Ends the writable side, after the written bytes. */
  end(): unknown
  /** Drops the connection now. */
  destroy(): unknown
  /** Stops `data` events. */
  pause(): unknown
  /** Lets `data` events come again. */
  resume(): unknown
  /** Keeps the process alive, which is the default. */
  ref?(): unknown
  /** Does not keep the process alive. */
  unref?(): unknown
  /** Whether the stream is dropped already: it is refused then. */
  readonly destroyed?: boolean
  /** Whether the writable side is open. One that is not is refused. */
  readonly writable?: boolean
  /** Of a socket: TCP is being connected. */
  readonly connecting?: boolean
  /** Of a TLS socket: the TLS handshake is not done. */
  readonly secureConnecting?: boolean
  /** Of a socket: its writable side stays open when the server has ended the other one. Set to true. */
  allowHalfOpen?: boolean
}

/** Names and values of HTTP fields in the order of the wire. In responses, names are in lower case. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>

/** The version of HTTP that an opening handshake was made over. */
export type HttpVersion = '1.1' | '2'

/** The way that a response came over: HTTP, proxy, address, TLS. */
export interface WayInfo {
  /** The version of HTTP. */
  readonly http: HttpVersion
  /** The URL of the proxy, without credentials. Undefined if there was none, or it is not known. */
  readonly proxy: string | undefined
  /**
   * The IP address that the connection goes to: the server's, or the proxy's; the path of a unix socket. Undefined if it is not
   * known, as with the option `connect`.
   */
  readonly remoteAddress: string | undefined
  /** The TLS of a connection to a wss server. Undefined if there is none, or it is not known. */
  readonly tls: TlsState | undefined
}

/** The TLS of a connection to a server. */
export interface TlsState {
  /** The version, such as `TLSv1.3`. */
  readonly protocol: string
  /** The cipher by its standard name. */
  readonly cipher: string
  /** Whether the server's certificate was verified. */
  readonly authorized: boolean
}

/** The opening handshake as an HTTP request. */
export interface UpgradeRequest {
  /** The request target: path and query. */
  readonly target: string
  /** All fields, those of the handshake among them. */
  readonly headers: HeaderList
}

/** The head of an HTTP response. */
export interface ResponseHead {
  /** The status code, such as 101. */
  readonly status: number
  /** The reason phrase. Empty over HTTP/2, which has none. */
  readonly statusText: string
  /** All fields, in the order of the wire. */
  readonly headers: HeaderList
}

/** Where an {@link Upgrade} reports. Exactly one of the three is called, once. */
export interface UpgradeHandler {
  /** The response has status 101, or 200 over HTTP/2. The pipe must be started or aborted within this call. */
  upgraded(head: ResponseHead, pipe: Pipe): void
  /** The final response has another status. The body is what could be read of it, up to 64 KiB. */
  refused(head: ResponseHead, body: Uint8Array): void
  /**
   * There was no valid response.
   *
   * @param again true if the server has not processed the request, so that it is to be made again, over another way
   */
  failed(error: unknown, again?: boolean): void
}

/** Sends a request, and reports the response to the handler. The function that it returns cancels the exchange. */
export type Upgrade = (request: UpgradeRequest, handler: UpgradeHandler) => (reason?: unknown) => void
