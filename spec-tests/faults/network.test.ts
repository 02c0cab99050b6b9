import { expect } from 'chai'
import { runNetworkFaults } from '../../scripts/faults/namespace.ts'

// `npm run faults -- --network` has all of it.
describe('Faults of the network itself', function () {
  // For a hang alone: each connection has limits of its own.
  this.timeout(120_000)

  it('packets are lost, repeated and out of order, a SYN has no answer, the link is down', function () {
    const { ran, passed, text } = runNetworkFaults(true)
    if (!ran) {
      console.log(`      left out: ${text}`)
      this.skip()
    }
    expect(passed, text).to.equal(true)
    expect(text.match(/^\| .* \| ws \| /gm), text).to.have.lengthOf(6)
  })
})
