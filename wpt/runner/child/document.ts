import { pageLocation } from './page.ts'

/**
 * As much of a document as upstream's harness and the tests of `websockets/` touch outside of browsers. Its title and timeout are
 * the test's, so that the harness names tests and times them as in a browser.
 */
export function makeDocument(title: string | undefined, longTimeout: boolean): object {
  const elements: Record<string, object[]> = {
    title: title === undefined ? [] : [{ firstChild: { data: title } }],
    meta: longTimeout ? [{ name: 'timeout', content: 'long' }] : [],
  }
  return {
    title: title ?? '',
    readyState: 'complete',
    body: { [Symbol.toStringTag]: 'HTMLBodyElement' },
    getElementsByTagName: (name: string) => elements[name] ?? [],
    getElementById: () => null,
    createElement: (name: string) => {
      if (name !== 'a') throw new Error(`no element ${name} outside of a browser`)
      return new Anchor()
    },
  }
}

/** An element `a`, which turns into its address. */
class Anchor {
  #href = ''

  get href(): string {
    return this.#href
  }

  set href(value: string) {
    this.#href = new URL(value, pageLocation().href).href
  }

  toString(): string {
    return this.#href
  }
}
