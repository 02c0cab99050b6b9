/** A Blob of another library than the host's: told by its tag, and read by calling its method. */
export function foreignBlob(size: unknown, members: object): Blob {
  return { [Symbol.toStringTag]: 'Blob', type: '', size, ...members } as unknown as Blob
}

/** One that is read only when it is told to. */
export function slowBlob(text: string): { readonly blob: Blob; release(): void } {
  const { buffer } = Uint8Array.from(Buffer.from(text))
  let release!: () => void
  const released = new Promise<ArrayBuffer>(resolve => {
    release = () => resolve(buffer)
  })
  return { blob: foreignBlob(buffer.byteLength, { arrayBuffer: () => released }), release }
}
