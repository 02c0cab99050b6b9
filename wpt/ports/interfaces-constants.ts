import type { Port, WebSocketClass } from '../port.ts'
import * as assert from './support/assert.ts'
import { restoring } from './support/restore.ts'
import { type Act, overHttp1, type Stage, windowOnly } from './support/stage.ts'
import { throwsTypeError } from './support/throws.ts'

const constants = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const

type Constant = (typeof constants)[number]

/** One subtest for each constant. */
function forEach(title: (name: Constant) => string, check: (stage: Stage, name: Constant, value: number) => void) {
  return Object.fromEntries(
    constants.map((name, value): [string, Act] => [title(name), stage => check(stage, name, value)]),
  )
}

/** Tries to change the constant of the class, of the prototype and of a socket, and expects it unchanged. */
function forEachUnchanged(verb: string, change: (holder: object, name: Constant) => void): Record<string, Act> {
  return forEach(
    name => `${name} cannot be ${verb}`,
    (stage, name, value) => {
      const WebSocket = stage.need('WebSocket')
      const holders = [WebSocket, WebSocket.prototype, stage.socket('/')]
      restoringConstant(WebSocket, name, () => {
        for (const holder of holders) change(holder, name)
        for (const holder of holders) assert.equal(holder[name], value)
      })
    },
  )
}

/** Expects the prototype to refuse another definition of the constant. */
function forEachFixed(accessor: 'get' | 'set'): Record<string, Act> {
  return forEach(
    name => `${name} cannot get a ${accessor}ter`,
    (stage, name) => {
      const WebSocket = stage.need('WebSocket')
      restoringConstant(WebSocket, name, () => {
        throwsTypeError(() => Object.defineProperty(WebSocket.prototype, name, { [accessor]: () => 'foo' }))
      })
    },
  )
}

/** Restores the constant after `act`, so that a class whose constants can change fails this subtest only. */
function restoringConstant(WebSocket: WebSocketClass, name: Constant, act: () => void): void {
  restoring(WebSocket, [name], () => restoring(WebSocket.prototype, [name], act))
}

const folder = 'interfaces/WebSocket/constants'

export const ports: Port[] = [
  windowOnly(
    `${folder}/001.html`,
    overHttp1,
    forEach(
      name => `WebSocket.${name}`,
      (stage, name, value) => {
        stage.socket('/')
        assert.equal(stage.need('WebSocket')[name], value)
      },
    ),
  ),
  windowOnly(
    `${folder}/002.html`,
    overHttp1,
    forEachUnchanged('set', (holder, name) => Reflect.set(holder, name, 5)),
  ),
  windowOnly(
    `${folder}/003.html`,
    overHttp1,
    forEachUnchanged('deleted', (holder, name) => Reflect.deleteProperty(holder, name)),
  ),
  windowOnly(`${folder}/004.html`, overHttp1, {
    ...forEach(
      name => `WebSocket.prototype.${name}`,
      (stage, name, value) => {
        assert.equal(stage.need('WebSocket').prototype[name], value)
      },
    ),
    ...forEach(
      name => `${name} of an instance`,
      (stage, name, value) => {
        assert.equal(stage.socket('/')[name], value)
      },
    ),
  }),
  windowOnly(`${folder}/005.html`, overHttp1, forEachFixed('get')),
  windowOnly(`${folder}/006.html`, overHttp1, forEachFixed('set')),
]
