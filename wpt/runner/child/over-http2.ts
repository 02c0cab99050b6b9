import type { Implementation } from '../../port.ts'

/** The classes of this package with another default: `http2: 'auto'`. In all else they are the same objects. */
export function overHttp2(classes: Implementation): Implementation {
  const { WebSocket, WebSocketStream } = classes
  return { ...classes, WebSocket: withOption(WebSocket), WebSocketStream: withOption(WebSocketStream) }
}

function withOption<Class extends object | undefined>(target: Class): Class {
  if (target === undefined) return target
  const proxy: NonNullable<Class> = new Proxy(target, {
    construct(_target, parameters: unknown[], newTarget: unknown) {
      const [url, second, ...rest] = parameters
      // Without a parameter the constructor throws.
      const all = parameters.length === 0 ? [] : [url, addOption(second), ...rest]
      const made = newTarget === proxy ? target : newTarget
      return Reflect.construct(target as never, all, made as never) as object
    },
  })
  return proxy
}

const OPTION = { value: 'auto', enumerable: true }

/** @param second the subprotocols or the options, as the test gives them */
function addOption(second: unknown): unknown {
  if (second === undefined || second === null) return { http2: 'auto' }
  const isObject = typeof second === 'object' || typeof second === 'function'
  if (isObject && !(Symbol.iterator in second)) return Object.create(second, { http2: OPTION })
  return { protocols: second, http2: 'auto' }
}
