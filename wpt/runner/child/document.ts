import { createEvent } from './create-event.ts'
import { pageLocation } from './page.ts'

/**
 * The parts of a document that upstream's harness and the tests of `websockets/` use, for runtimes without one. Its title and
 * timeout are those of the test, so that the harness names and times tests as in a browser.
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
    createEvent,
    createElement: (name: string) => {
      if (name !== 'a') throw new Error(`no element ${name} outside of a browser`)
      return new Anchor()
    },
  }
}

/** An element `a`: resolves its `href`, and converts to it as a string. */
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
