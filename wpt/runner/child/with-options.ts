import type { Implementation } from '../../port.ts'

/** What each class that was made here stands for. */
const origins = new WeakMap<object, { readonly target: object; readonly options: object }>()

/** The classes of this package with other defaults of options. In all else they are the same objects. */
export function withOptions(classes: Implementation, options: object): Implementation {
  const { WebSocket, WebSocketStream } = classes
  return {
    ...classes,
    WebSocket: constructing(WebSocket, options),
    WebSocketStream: constructing(WebSocketStream, options),
  }
}

function constructing<Class extends object | undefined>(given: Class, more: object): Class {
  if (given === undefined) return given
  const origin = origins.get(given)
  const target = (origin?.target ?? given) as NonNullable<Class>
  const options = { ...origin?.options, ...more }
  const proxy: NonNullable<Class> = new Proxy(target, {
    construct(_target, parameters: unknown[], newTarget: unknown) {
      const [url, second, ...rest] = parameters
      // Without a parameter the constructor throws.
      const all = parameters.length === 0 ? [] : [url, addOptions(second, options), ...rest]
      const made = newTarget === proxy ? target : newTarget
      return Reflect.construct(target as never, all, made as never) as object
    },
  })
  origins.set(proxy, { target, options })
  return proxy
}

/** @param second the subprotocols or the options, as the test gives them */
function addOptions(second: unknown, options: object): unknown {
  if (second === undefined || second === null) return options
  const isObject = typeof second === 'object' || typeof second === 'function'
  if (isObject && !(Symbol.iterator in second)) {
    return Object.create(second, Object.getOwnPropertyDescriptors(options))
  }
  return { protocols: second, ...options }
}
