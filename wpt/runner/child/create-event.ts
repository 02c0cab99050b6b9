/**
 * `document.createEvent` for runtimes without a document. It knows the interfaces `Event`, `UIEvent`, `CustomEvent` and
 * `MessageEvent`, by the names that the DOM Standard lists for them.
 *
 * Unlike the spec, `dispatchEvent` takes an event that was not initialized: the host has no flag for it.
 *
 * @see https://dom.spec.whatwg.org/#dom-document-createevent
 * @throws {DOMException} `NotSupportedError` for any other name
 */
export function createEvent(name: string): InitializableEvent {
  const make = makers.get(String(name).toLowerCase())
  if (make === undefined) throw new DOMException(`no interface ${name} outside of a browser`, 'NotSupportedError')
  return initializable(make())
}

/** `initEvent` is missing in Deno, and in the types of Node.js. */
interface InitializableEvent extends Event {
  initEvent(type: string, bubbles?: boolean, cancelable?: boolean): void
}

/** No runtime has this class. `initUIEvent` is its way to get a `view` and a `detail`. */
class UIEvent extends Event {
  #view: unknown = null
  #detail = 0

  get [Symbol.toStringTag](): string {
    return 'UIEvent'
  }

  get view(): unknown {
    return this.#view
  }

  get detail(): number {
    return this.#detail
  }

  /** @see https://w3c.github.io/uievents/#dom-uievent-inituievent */
  initUIEvent(type: string, bubbles = false, cancelable = false, view: unknown = null, detail = 0): void {
    if (isDispatched(this)) return
    initializable(this).initEvent(type, bubbles, cancelable)
    this.#view = view
    this.#detail = Math.trunc(detail)
  }
}

const makeEvent = () => new Event('')
const makeUIEvent = () => new UIEvent('')

/** The maker of an event by each lower-case name. The classes under test are looked up late, because they replace those of the host. */
const makers: ReadonlyMap<string, () => Event> = new Map<string, () => Event>([
  ['event', makeEvent],
  ['events', makeEvent],
  ['htmlevents', makeEvent],
  ['svgevents', makeEvent],
  ['uievent', makeUIEvent],
  ['uievents', makeUIEvent],
  ['customevent', () => new CustomEvent('')],
  ['messageevent', () => new MessageEvent('')],
])

/** Gives an event of a host without `initEvent` that method. It shadows the attributes, which the host reads for its dispatch. */
function initializable(event: Event): InitializableEvent {
  if (!('initEvent' in event)) {
    Object.defineProperty(event, 'initEvent', {
      value: (type: string, bubbles = false, cancelable = false) => {
        if (isDispatched(event)) return
        const attributes = { type: String(type), bubbles: Boolean(bubbles), cancelable: Boolean(cancelable) }
        for (const [attribute, value] of Object.entries(attributes)) {
          Object.defineProperty(event, attribute, { value, configurable: true, enumerable: true })
        }
      },
    })
  }
  return event as InitializableEvent
}

/** The constant `Event.NONE`, which the types of Node.js lack. */
const NONE = 0

function isDispatched(event: Event): boolean {
  return event.eventPhase !== NONE
}
