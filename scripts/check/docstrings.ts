import { ThrowingFunctions } from './throwing.ts'
import type { Violation } from './violation.ts'

/** One declaration, as TypeDoc writes it to JSON; what is read of it. */
export interface Reflection {
  readonly name: string
  readonly kind: number
  readonly flags?: { readonly isOptional?: boolean }
  readonly comment?: Comment
  readonly sources?: readonly { readonly fileName: string; readonly line: number }[]
  readonly type?: Type
  readonly children?: readonly Reflection[]
  readonly signatures?: readonly Reflection[]
  readonly getSignature?: Reflection
  readonly setSignature?: Reflection
}

interface Comment {
  readonly summary: readonly { readonly text: string }[]
  readonly blockTags?: readonly { readonly tag: string }[]
}

interface Type {
  readonly type: string
  readonly name?: string
  readonly types?: readonly Type[]
  readonly declaration?: Reflection
}

/** TypeDoc's numbers for kinds of declarations (`ReflectionKind`). */
const CLASS = 128
const INTERFACE = 256
const PROPERTY = 1024

/** The interfaces whose members are options. Other optional members, such as those of a pipe, have no default. */
const OPTIONS = /(Options|Init|Info|Defaults)$/

/** What a number counts or measures. */
const UNIT =
  /\b(milliseconds|seconds|bytes|bits?|number of|level|version|status code|bit field|redirects|frames|as `\w+` of)\b/i

const NO_EFFECT = /\bno effect\b/i

/**
 * Checks that the docstrings say what a caller needs: the default of each optional option ("Default: ..."), the unit of each
 * number among the options, and `@throws` for each function that throws. That there is a docstring is checked by TypeDoc.
 *
 * @param project what TypeDoc has written
 * @param root the folder of the project
 */
export function checkDocstrings(project: Reflection, root: string): { checked: number; violations: Violation[] } {
  const throwing = new ThrowingFunctions(root)
  const violations = new Map<string, Violation>()
  const checked = new Set<string>()
  const check = (reflection: Reflection, parent: Reflection, isOption: boolean): void => {
    const { fileName = '', line = 0 } = reflection.sources?.[0] ?? {}
    // Members of the hosts' types are documented there.
    if (fileName.startsWith('lib/')) {
      const place = `${fileName}:${line}`
      const member = `${place} ${reflection.name}`
      const found = isOption ? missingOfOption(reflection) : missingOfFunction(reflection, parent, fileName, throwing)
      checked.add(member)
      for (const what of found) {
        const name = `${parent.name}.${reflection.name}`
        violations.set(`${member} ${what}`, { place, message: `the docstring of ${name} ${what}` })
      }
    }
    const areOptions = isOption || (reflection.kind === INTERFACE && OPTIONS.test(reflection.name))
    const within = [...(reflection.children ?? []), ...(reflection.type?.declaration?.children ?? [])]
    for (const child of within) check(child, reflection, areOptions && child.kind === PROPERTY)
  }
  check(project, project, false)
  return { checked: checked.size, violations: [...violations.values()] }
}

function missingOfOption({ comment, flags, type }: Reflection): string[] {
  const text = comment?.summary.map(part => part.text).join('') ?? ''
  if (NO_EFFECT.test(text)) return []
  const missing: string[] = []
  if (flags?.isOptional === true && !/\bDefault:\s/.test(text)) missing.push('does not say "Default: ..."')
  if (isNumber(type) && !UNIT.test(text)) missing.push('does not say what the number counts, or its unit')
  return missing
}

function isNumber(type: Type | undefined): boolean {
  return (type?.type === 'intrinsic' && type.name === 'number') || (type?.types?.some(isNumber) ?? false)
}

function missingOfFunction(
  { name, signatures, getSignature, setSignature }: Reflection,
  parent: Reflection,
  file: string,
  throwing: ThrowingFunctions,
): string[] {
  const of = (word: string): string => (parent.kind === CLASS ? `${parent.name}.${word}${name}` : name)
  const missing = signatures !== undefined && throwing.has(file, of('')) && !isTold(signatures)
  const accessors = [getSignature, setSignature].filter(signature => signature !== undefined)
  const isThrowing = accessors.length > 0 && (throwing.has(file, of('get ')) || throwing.has(file, of('set ')))
  return missing || (isThrowing && !isTold(accessors)) ? ['has no @throws, though it throws'] : []
}

function isTold(signatures: readonly Reflection[]): boolean {
  return signatures.some(({ comment }) => comment?.blockTags?.some(({ tag }) => tag === '@throws'))
}
