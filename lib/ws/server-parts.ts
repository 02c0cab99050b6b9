/*
 * The exports of ws that are no part of a client. They exist, so that a program that imports them loads, and say where to find the
 * real ones when they are used.
 */

/** @throws Error, always */
export function unavailable(name: string): never {
  throw new Error(
    `"${name}" is not a part of whatwg-websocket/ws, which is a client: it needs the package "ws" itself, be it under another name`,
  )
}

/** A server: that of ws. Its constructor throws. */
export class WebSocketServer {
  /** @throws Error, always */
  constructor(..._: any[]) {
    unavailable('WebSocketServer')
  }
}

/** Reads frames, for a server: that of ws. Its constructor throws. */
export class Receiver {
  /** @throws Error, always */
  constructor(..._: any[]) {
    unavailable('Receiver')
  }
}

/** Writes frames, for a server: that of ws. Its constructor throws. */
export class Sender {
  /** @throws Error, always */
  constructor(..._: any[]) {
    unavailable('Sender')
  }

  /** @throws Error, always */
  static frame(..._: any[]): never {
    return unavailable('Sender')
  }
}

/** Compresses messages, for a server: that of ws. Its constructor throws. */
export class PerMessageDeflate {
  /** @throws Error, always */
  constructor(..._: any[]) {
    unavailable('PerMessageDeflate')
  }

  /** The name of the extension (RFC 7692). */
  static readonly extensionName: string = 'permessage-deflate'
}

/** Reads and writes the header field Sec-WebSocket-Extensions, for a server. */
export const extension: {
  /** @throws Error, always */
  format(value: object): never
  /** @throws Error, always */
  parse(header: string): never
} = {
  format: () => unavailable('extension'),
  parse: () => unavailable('extension'),
}

/** Reads the header field Sec-WebSocket-Protocol, for a server. */
export const subprotocol: {
  /** @throws Error, always */
  parse(header: string): never
} = { parse: () => unavailable('subprotocol') }
