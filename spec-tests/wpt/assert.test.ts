import { assert as chai } from 'chai'
import * as assert from '../../wpt/ports/support/assert.ts'

describe('the assertions of the ported web-platform-tests', () => {
  const unprintable = Object.create(null) as object
  const fails = (act: () => void, message: string) => chai.throws(act, assert.AssertionError, message)

  it('hold where they should', () => {
    assert.equal(Number.NaN, Number.NaN)
    assert.deepEqual({ a: 1, b: [undefined, 'x'] }, { b: [undefined, 'x'], a: 1 })
    assert.isTrue(true)
    assert.isFalse(false)
    assert.isNull(null)
    assert.isUndefined(undefined)
    assert.isFunction(() => {})
    assert.isString('')
    assert.instanceOf([], Array)
    assert.isAtLeast(1, 1)
    assert.isAtMost(1, 1)
  })

  it('fail where they should, and say what was found', () => {
    fails(() => assert.equal('1', 1), '"1" instead of 1')
    fails(() => assert.equal(0, -0, 'zero'), 'zero: 0 instead of -0')
    fails(() => assert.equal(unprintable, null), '[object Object] instead of null')
    fails(() => assert.deepEqual([1, 2], [2, 1]), '[1,2] instead of [2,1]')
    fails(() => assert.deepEqual<object>({ a: undefined }, {}), '{"a":"undefined"} instead of {}')
    fails(() => assert.isTrue(1), '1 instead of true')
    fails(() => assert.isFalse(0), '0 instead of false')
    fails(() => assert.isNull(undefined), 'undefined instead of null')
    fails(() => assert.isUndefined(null), 'null instead of undefined')
    fails(() => assert.isFunction({}), '[object Object] is no function')
    fails(() => assert.isString(1), '1 is no string')
    fails(() => assert.instanceOf({}, Array), '[object Object] is no Array')
    fails(() => assert.isAtLeast(Number.NaN, 1), 'NaN is not at least 1')
    fails(() => assert.isAtMost(2, 1), '2 is not at most 1')
    fails(() => assert.fail('because'), 'because')
  })
})
