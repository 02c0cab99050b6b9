import { expect } from 'chai'
import { readCorpus } from './corpus.ts'
import { differences } from './ws-differences.ts'
import { compare } from './ws-differential.ts'
import { readByUs } from './ws-receiver.ts'

describe('The corpus of streams', () => {
  const corpus = readCorpus()

  it('has some hundred streams', () => {
    expect(corpus.length).to.be.above(200)
  })

  it('is read as it was when it was kept', () => {
    for (const entry of corpus) expect(readByUs(entry), entry.bytes.toString('hex')).to.deep.equal(entry.lines)
  })

  it('is read the same in pieces of one and of seven bytes', () => {
    for (const entry of corpus) {
      for (const size of [1, 7]) {
        expect(readByUs(entry, [size]), entry.bytes.toString('hex')).to.deep.equal(entry.lines)
      }
    }
  })

  it('is read the same by ws, but for the differences that are explained', async () => {
    for (const entry of corpus) {
      const difference = await compare(entry)
      const explained = difference === undefined || differences.some(({ explains }) => explains(difference, entry))
      expect(explained, `${entry.bytes.toString('hex')}: ${JSON.stringify(difference)}`).to.equal(true)
    }
  })
})
