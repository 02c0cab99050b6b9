import * as assert from './assert.ts'
import { throwsTypeError } from './throws.ts'

/** The parts of a Web IDL interface that are checked. */
export interface Interface {
  readonly name: string
  readonly parent: string
  /** Number of required arguments of the constructor. */
  readonly constructorLength: number
  readonly constants: Readonly<Record<string, number>>
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly operations: Readonly<Record<string, Operation>>
}

export interface Attribute {
  readonly readonly: boolean
  /** Whether a value belongs to the IDL type. */
  readonly accepts: (value: unknown) => boolean
}

export interface Operation {
  /** Number of required arguments. */
  readonly length: number
}

/** The class that implements an interface, and its parent. */
interface Subject {
  readonly Class: Constructor
  readonly Parent: Constructor
}

type Constructor = (new (...args: unknown[]) => object) & { readonly prototype: object }

type Check = (subject: Subject) => void
type ObjectCheck = (object: object, subject: Subject) => void

/** The attributes of a property. */
interface Attributes {
  readonly writable: boolean | undefined
  readonly enumerable: boolean | undefined
  readonly configurable: boolean | undefined
}

const property = { writable: true, enumerable: false, configurable: true }
const fixed = { writable: false, enumerable: false, configurable: false }
const tag = { writable: false, enumerable: false, configurable: true }
const constant = { writable: false, enumerable: true, configurable: false }
const method = { writable: true, enumerable: true, configurable: true }

/** Checks of the interface object and the interface prototype object, by title. */
export function interfaceChecks(definition: Interface): Record<string, Check> {
  const { name } = definition
  const checks: Record<string, Check> = {
    [`${name} is a constructor below ${definition.parent}`]: ({ Class, Parent }) => {
      assert.isFunction(Class)
      assert.equal(Object.prototype.toString.call(Class), '[object Function]')
      assert.equal(Object.getPrototypeOf(Class), Parent)
      throwsTypeError(() => Reflect.apply(Class as unknown as () => unknown, undefined, ['ws://invalid']))
    },
    [`${name}.length`]: ({ Class }) => hasData(Class, 'length', tag, definition.constructorLength),
    [`${name}.name`]: ({ Class }) => hasData(Class, 'name', tag, name),
    [`${name}.prototype inherits from that of ${definition.parent} and has its tag`]: ({ Class, Parent }) => {
      hasData(Class, 'prototype', fixed, Class.prototype)
      assert.equal(Object.getPrototypeOf(Class.prototype), Parent.prototype)
      hasData(Class.prototype, Symbol.toStringTag, tag, name)
      assert.equal(Object.prototype.toString.call(Class.prototype), `[object ${name}]`)
    },
    [`${name}.prototype.constructor`]: ({ Class }) => hasData(Class.prototype, 'constructor', property, Class),
    [`${name}.prototype has no @@unscopables`]: ({ Class }) => {
      assert.isFalse(Object.hasOwn(Class.prototype, Symbol.unscopables))
    },
  }
  for (const [key, value] of Object.entries(definition.constants)) {
    checks[`constant ${key} of the interface object`] = ({ Class }) => hasData(Class, key, constant, value)
    checks[`constant ${key} of the prototype`] = ({ Class }) => hasData(Class.prototype, key, constant, value)
  }
  for (const [key, attribute] of Object.entries(definition.attributes)) {
    checks[`attribute ${key} of the prototype`] = ({ Class }) => hasAttribute(Class, key, attribute)
  }
  for (const [key, operation] of Object.entries(definition.operations)) {
    checks[`operation ${key} of the prototype`] = ({ Class }) => hasOperation(Class, key, operation)
  }
  return checks
}

/** Checks of an instance, by title. */
export function objectChecks(definition: Interface): Record<string, ObjectCheck> {
  const { name } = definition
  const checks: Record<string, ObjectCheck> = {
    [`${name} is the primary interface of its instances`]: (object, { Class }) => {
      assert.equal(Object.prototype.toString.call(object), `[object ${name}]`)
      assert.equal(Object.getPrototypeOf(object), Class.prototype)
    },
    [`an instance as a string is [object ${name}]`]: object => assert.equal(String(object), `[object ${name}]`),
  }
  for (const [key, value] of Object.entries(definition.constants)) {
    checks[`an instance inherits ${key}`] = object => assert.equal(inherited(object, key), value)
  }
  for (const [key, { accepts }] of Object.entries(definition.attributes)) {
    checks[`an instance inherits ${key}, with a value of its type`] = object => {
      const value = inherited(object, key)
      assert.isTrue(accepts(value), String(value))
    }
  }
  for (const [key, { length }] of Object.entries(definition.operations)) {
    checks[`an instance inherits ${key}()`] = object => assert.isFunction(inherited(object, key))
    checks[`${key}() with too few arguments`] = object => {
      const operation = inherited(object, key) as () => unknown
      for (let given = 0; given < length; given++) {
        throwsTypeError(() => Reflect.apply(operation, object, new Array(given).fill(undefined)))
      }
    }
  }
  return checks
}

function hasData(holder: object, key: PropertyKey, attributes: Attributes, value: unknown): void {
  const descriptor = Object.getOwnPropertyDescriptor(holder, key)
  if (descriptor === undefined) assert.fail(`no own property ${String(key)}`)
  assert.equal(descriptor.value, value, String(key))
  const { writable, enumerable, configurable } = descriptor
  assert.deepEqual({ writable, enumerable, configurable }, attributes, String(key))
}

/** @see https://webidl.spec.whatwg.org/#js-attributes */
function hasAttribute(Class: Constructor, key: string, attribute: Attribute): void {
  assert.isFalse(key in Class, `${key} is not static`)
  const descriptor = Object.getOwnPropertyDescriptor(Class.prototype, key)
  if (descriptor === undefined) assert.fail(`no own property ${key}`)
  const { get, set, enumerable, configurable } = descriptor
  assert.isTrue(enumerable, 'enumerable')
  assert.isTrue(configurable, 'configurable')
  assert.isFunction(get)
  hasData(get!, 'length', tag, 0)
  hasData(get!, 'name', tag, `get ${key}`)
  throwsTypeError(() => Reflect.apply(get!, {}, []))
  throwsTypeError(() => Reflect.get(Class.prototype, key))
  if (attribute.readonly) {
    assert.isUndefined(set)
    return
  }
  assert.isFunction(set)
  hasData(set!, 'length', tag, 1)
  hasData(set!, 'name', tag, `set ${key}`)
  throwsTypeError(() => Reflect.apply(set!, {}, [null]))
}

/** @see https://webidl.spec.whatwg.org/#js-operations */
function hasOperation(Class: Constructor, key: string, { length }: Operation): void {
  assert.isFalse(key in Class, `${key} is not static`)
  const operation = Reflect.get(Class.prototype, key) as () => unknown
  hasData(Class.prototype, key, method, operation)
  assert.isFunction(operation)
  hasData(operation, 'length', tag, length)
  hasData(operation, 'name', tag, key)
  throwsTypeError(() => Reflect.apply(operation, {}, new Array(length).fill('')))
}

/** The value of a property that the object has from its prototype and not by itself. */
function inherited(object: object, key: string): unknown {
  assert.isTrue(key in object, `${key} is missing`)
  assert.isFalse(Object.hasOwn(object, key), `${key} is an own property`)
  return Reflect.get(object, key)
}
