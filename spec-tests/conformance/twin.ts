import { frame, PONG, TEXT } from '../support/raw-server.ts'
import type { CaseGroup, CompressedStep, ConformanceCase, FrameStep, Script, SendStep, Step } from './case.ts'
import { echo, fails, send, text } from './script.ts'

/** Small enough for every limit of the suite. */
const MESSAGE = text('m')

/** Adds a twin for each case that ends in a violation. */
export function withTwins({ name, cases }: CaseGroup): CaseGroup {
  const refusals = cases.filter(({ outcome }) => outcome.failsWith !== undefined)
  return { name, cases: [...cases, ...refusals.map(twinOf)] }
}

/**
 * The same case with all that the server sends in one piece, behind a message: the client answers what came before the
 * violation, and only then fails the connection.
 */
function twinOf(conformanceCase: ConformanceCase): ConformanceCase {
  return {
    ...conformanceCase,
    title: `${conformanceCase.title}, in one piece behind a message`,
    *script(): Script {
      const sent: (SendStep | CompressedStep)[] = [send(frame(TEXT, MESSAGE.payload)) as SendStep]
      const pongs: FrameStep[] = []
      const echoes: FrameStep[] = [echo(MESSAGE)]
      for (const step of conformanceCase.script() as Iterable<Step>) {
        if (step.kind === 'send' || step.kind === 'send compressed') sent.push(step)
        else if (step.kind === 'frame' && step.opcode === PONG) pongs.push(step)
        else if (step.kind === 'frame' && step.echo) echoes.push(step)
      }
      yield { kind: 'send together', steps: sent }
      yield { kind: 'answers', pongs, echoes }
      yield* fails(conformanceCase.outcome.failsWith!)
    },
  }
}
