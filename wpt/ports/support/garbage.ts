/** Number of collections. More than one, because objects that finalizers release are freed by the next collection. */
const rounds = 5

/** Collects garbage with `gc` if the host exposes it, otherwise by allocating so much that the host collects by itself. */
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
