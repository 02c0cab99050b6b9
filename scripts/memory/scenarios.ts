/** How much is sent, and in which message size. */
export interface Load {
  /** Bytes of payload in all. */
  readonly total: number
  /** Bytes per message. */
  readonly size: number
}

export type Direction = 'receive' | 'send'

/** The argument of the client process, as JSON. */
export interface Order extends Load {
  readonly direction: Direction
  readonly url: string
  /** Milliseconds between two messages while the reader is slow. */
  readonly interval: number
  /** Whether to trust any certificate. */
  readonly insecure: boolean
}

/** The messages of the client process, in this order. */
export type Report =
  | { readonly kind: 'idle'; readonly resident: number }
  /** `slow`: the slow part has ended. `bytes` is the payload received or sent so far, `peak` the peak resident memory. */
  | { readonly kind: 'slow' | 'done'; readonly bytes: number; readonly peak: number }
