import type { Port } from '../port.ts'
import { type Attribute, type Interface, interfaceChecks, objectChecks } from './support/idl.ts'
import { type Act, anyScope, plainOnly, type Stage } from './support/stage.ts'

const isString = (value: unknown) => typeof value === 'string'
const isBoolean = (value: unknown) => typeof value === 'boolean'
const isEventHandler = (value: unknown) => value === null || typeof value === 'function' || typeof value === 'object'
const isUnsigned = (limit: number) => (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= limit
const isUnsignedShort = isUnsigned(0xffff)

const readonly = (accepts: Attribute['accepts']): Attribute => ({ readonly: true, accepts })
const eventHandler: Attribute = { readonly: false, accepts: isEventHandler }

/** @see https://websockets.spec.whatwg.org/#the-websocket-interface */
const webSocket: Interface = {
  name: 'WebSocket',
  parent: 'EventTarget',
  constructorLength: 1,
  constants: { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 },
  attributes: {
    url: readonly(isString),
    readyState: readonly(isUnsignedShort),
    bufferedAmount: readonly(isUnsigned(Number.MAX_SAFE_INTEGER)),
    onopen: eventHandler,
    onerror: eventHandler,
    onclose: eventHandler,
    extensions: readonly(isString),
    protocol: readonly(isString),
    onmessage: eventHandler,
    binaryType: { readonly: false, accepts: value => value === 'blob' || value === 'arraybuffer' },
  },
  operations: { close: { length: 0 }, send: { length: 1 } },
}

/** @see https://websockets.spec.whatwg.org/#the-closeevent-interface */
const closeEvent: Interface = {
  name: 'CloseEvent',
  parent: 'Event',
  constructorLength: 1,
  constants: {},
  attributes: { wasClean: readonly(isBoolean), code: readonly(isUnsignedShort), reason: readonly(isString) },
  operations: {},
}

/** All checks of an interface, of which `make` gives an instance. */
function checksOf(
  definition: Interface,
  className: 'WebSocket' | 'CloseEvent',
  Parent: typeof EventTarget | typeof Event,
  make: (stage: Stage) => object,
): Record<string, Act> {
  const subject = (stage: Stage) => ({ Class: stage.need(className), Parent }) as never
  const acts: Record<string, Act> = {}
  for (const [title, check] of Object.entries(interfaceChecks(definition))) {
    acts[`${className}: ${title}`] = stage => check(subject(stage))
  }
  for (const [title, check] of Object.entries(objectChecks(definition))) {
    acts[`${className}: ${title}`] = stage => check(make(stage), subject(stage))
  }
  return acts
}

export const ports: Port[] = [
  anyScope('idlharness.any.js', plainOnly, {
    ...checksOf(webSocket, 'WebSocket', EventTarget, stage => stage.construct('ws://invalid')),
    ...checksOf(closeEvent, 'CloseEvent', Event, stage => new (stage.need('CloseEvent'))('close')),
  }),
]
