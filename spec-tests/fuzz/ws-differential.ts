import { expect } from 'chai'
import { type Property, property } from './property.ts'
import { anyStream, type ServerStream } from './server-stream.ts'
import { differences, type FirstDifference } from './ws-differences.ts'
import { readByUs, readByWs } from './ws-receiver.ts'

/** The first lines in which the two readers differ, or undefined if they agree. */
export async function compare(stream: ServerStream): Promise<FirstDifference | undefined> {
  const ours = readByUs(stream)
  const theirs = await readByWs(stream)
  for (let index = 0; index < ours.length || index < theirs.length; index++) {
    if (ours[index] !== theirs[index]) return { ours: ours[index], theirs: theirs[index] }
  }
  return undefined
}

export const wsDifferential: readonly Property[] = [
  property('ws reads the same, but for the differences that are explained', 500, anyStream, expectTheSameAsWs),
]

/** ws reads a stream as we do, or the difference is one of those that are explained. */
export async function expectTheSameAsWs(stream: ServerStream): Promise<void> {
  const difference = await compare(stream)
  if (difference === undefined) return
  const explained = differences.some(({ explains }) => explains(difference, stream))
  const { ours = 'nothing', theirs = 'nothing' } = difference
  expect(explained, `we read "${ours}" where ws reads "${theirs}" in ${stream.bytes.toString('hex')}`).to.equal(true)
}
