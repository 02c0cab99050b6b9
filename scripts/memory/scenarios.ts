/** What is moved, and in what pieces. */
export interface Load {
  /** Bytes altogether. */
  readonly total: number
  /** Bytes in a message. */
  readonly size: number
}

export type Direction = 'receive' | 'send'

/** What the client process is told. */
export interface Order extends Load {
  readonly direction: Direction
  readonly url: string
  /** Milliseconds between two messages while the reader is slow. */
  readonly interval: number
  /** Trust any certificate. */
  readonly insecure: boolean
}

/** What the client process reports, in this order. */
export type Report =
  | { readonly kind: 'idle'; readonly resident: number }
  /** `bytes` is what has gone through; what follows goes at full speed. */
  | { readonly kind: 'slow' | 'done'; readonly bytes: number; readonly peak: number }
