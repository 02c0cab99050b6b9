/** What the proxy does to the connection. It acts below TLS, below HTTP/2, and between the client and a proxy. */
export const faultKinds = [
  /** RST to both sides. */
  'reset',
  /** FIN to the client, while the server is gone. */
  'end',
  /** FIN to the server; what the server then sends, its FIN included, still reaches the client. */
  'server-end',
  /** FIN to the client, and the connection is closed without waiting for the FIN of the client. */
  'close',
  /** The bytes of this direction vanish from here on, and nobody is told. */
  'half-open',
  /** The bytes of both directions vanish from here on, and nobody is told. */
  'black-hole',
  /** Five bytes that are no frame, and no TLS record, then FIN. */
  'garbage',
  /** A fatal TLS alert (handshake_failure) in the clear, then FIN. Over TLS alone. */
  'alert',
  /** The FIN of the server is withheld. Its offset does not matter. */
  'withheld-end',
  // The rest is of HTTP/2 in the clear alone. The offset is that of the first frame before which they may come. Those of the stream
  // come no sooner than a server may send them: once the client has opened it.
  /** RST_STREAM with CANCEL: the reset of TCP (RFC 8441 section 5). The server sends nothing more on the stream. */
  'stream-reset',
  /** RST_STREAM with NO_ERROR. */
  'stream-no-error',
  /** RST_STREAM with REFUSED_STREAM. Before the response the server has not processed the request, and the client tries again. */
  'stream-refused',
  /** END_STREAM, at the soonest with the response: the end of TCP. The server sends nothing more on the stream. */
  'stream-end',
  /** GOAWAY with NO_ERROR: streams that are open go on. */
  'go-away',
  /** GOAWAY with INTERNAL_ERROR that leaves the stream out, then FIN. */
  'go-away-error',
] as const
export type FaultKind = (typeof faultKinds)[number]
