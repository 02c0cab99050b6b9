import { type Arbitrary, array, boolean, constant, oneof, record } from 'fast-check'
import type { MemoryServer } from '../support/memory-server.ts'
import { answers, type Call, type Move, moves } from './moves.ts'

/** Calls of the user's on an object, and moves of the server's, in an order. */
export interface Play<Target> {
  /** Called before the server answers the handshake. */
  readonly before: readonly Call<Target>[]
  readonly answer: Move
  readonly steps: readonly ({ readonly call: Call<Target> } | { readonly move: Move })[]
  readonly endsWithFin: boolean
}

export function plays<Target>(calls: Arbitrary<Call<Target>>): Arbitrary<Play<Target>> {
  return record({
    before: oneof(
      { weight: 3, arbitrary: constant([]) },
      { weight: 1, arbitrary: array(calls, { minLength: 1, maxLength: 2 }) },
    ),
    answer: answers,
    steps: array(
      oneof(
        calls.map(call => ({ call })),
        moves.map(move => ({ move })),
      ),
      { maxLength: 14 },
    ),
    endsWithFin: boolean(),
  })
}

export interface Player<Target> {
  readonly server: MemoryServer
  readonly target: Target
  /** Resolves if the handshake comes to its end, so that no request is to be waited for. */
  readonly settled: Promise<unknown>
  /** Called behind the calls before the answer, and behind each step. */
  look(): void
  /** Called when the server has answered. */
  answered?(): Promise<void>
}

/** Goes through a play, until the server is gone. */
export async function perform<Target>(
  { before, answer, steps, endsWithFin }: Play<Target>,
  player: Player<Target>,
): Promise<void> {
  const { server, target } = player
  for (const call of before) call.make(target)
  player.look()
  await Promise.race([server.requested, player.settled])
  await answer.run(server)
  await player.answered?.()
  for (const step of steps) {
    if ('call' in step) step.call.make(target)
    else await step.move.run(server)
    player.look()
  }
  await server.leave(endsWithFin)
}
