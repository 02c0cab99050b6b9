/** How often to collect: finalizers free what only the next collection sees. */
const rounds = 5

/** Has garbage collected, through `gc` where the host exposes it, else by making so much that the host collects by itself. */
export async function collectGarbage(): Promise<void> {
  const collect = Reflect.get(globalThis, 'gc') as (() => unknown) | undefined
  for (let round = 0; round < rounds; round++) {
    if (collect !== undefined) await collect()
    else allocate()
    await new Promise(resolve => setTimeout(resolve))
  }
}

function allocate(): void {
  for (let index = 0; index < 1000; index++) new Uint8Array(100_000)
}
