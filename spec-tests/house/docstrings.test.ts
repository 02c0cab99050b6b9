import { expect } from 'chai'
import { checkDocstrings, type Reflection } from '../../scripts/check/docstrings.ts'
import { ThrowingFunctions } from '../../scripts/check/throwing.ts'
import { makeFolder } from '../support/temporary-folder.ts'

// As TypeDoc numbers them.
const [FUNCTION, CLASS, INTERFACE, PROPERTY, METHOD, ACCESSOR] = [64, 128, 256, 1024, 2048, 262_144]

const number = { type: 'intrinsic', name: 'number' }

/** A member of an interface that is declared in lib/. */
function member(text: string, more: Partial<Reflection> = {}): Reflection {
  const sources = [{ fileName: 'lib/options.ts', line: 3 }]
  return { name: 'limit', kind: PROPERTY, sources, comment: { summary: [{ text }] }, ...more }
}

/** What the check says of one interface with one member. */
function complaints(reflection: Reflection, name = 'RetryOptions'): string[] {
  const project = { name: 'lib', kind: 1, children: [{ name, kind: INTERFACE, children: [reflection] }] }
  return checkDocstrings(project, makeFolder({})).violations.map(({ place, message }) => `${place}: ${message}`)
}

/** Which of these functions throw, in a library of these files. */
function throwing(files: Readonly<Record<string, string>>, names: readonly string[]): string[] {
  const folder = makeFolder(Object.fromEntries(Object.entries(files).map(([name, text]) => [`lib/${name}`, text])))
  const functions = new ThrowingFunctions(folder)
  return names.filter(name => functions.has('lib/a.ts', name))
}

describe('The check of docstrings', () => {
  it('wants the default of an option that may be left out', () => {
    const optional = { flags: { isOptional: true } }
    const complaint = 'lib/options.ts:3: the docstring of RetryOptions.limit does not say "Default: ..."'
    expect(complaints(member('Whether to retry.', optional))).to.deep.equal([complaint])
    expect(complaints(member('Whether to retry. Default:\nfalse.', optional))).to.deep.equal([])
    expect(complaints(member('No effect: each is a task.', optional))).to.deep.equal([])
    expect(complaints(member('Whether to retry.'))).to.deep.equal([])
    expect(complaints(member('What a pipe may have.', optional), 'Pipe')).to.deep.equal([])
  })

  it('wants the unit of a number, also of one among other types', () => {
    const complaint =
      'lib/options.ts:3: the docstring of RetryOptions.limit does not say what the number counts, or its unit'
    expect(complaints(member('How long to wait.', { type: number }))).to.deep.equal([complaint])
    const union = { type: 'union', types: [{ type: 'literal' }, number] }
    expect(complaints(member('How long to wait.', { type: union }))).to.deep.equal([complaint])
    expect(complaints(member('Milliseconds to wait.', { type: number }))).to.deep.equal([])
    expect(complaints(member('The number of attempts.', { type: number }))).to.deep.equal([])
  })

  it('looks into options of options', () => {
    const inner = member('How long.', { name: 'inner', type: number })
    const outer = member('More.', {
      type: { type: 'reflection', declaration: { name: '__type', kind: 1, children: [inner] } },
    })
    expect(complaints(outer)).to.deep.equal([
      'lib/options.ts:3: the docstring of limit.inner does not say what the number counts, or its unit',
    ])
  })

  it('wants @throws of functions and methods that throw', () => {
    const folder = makeFolder({
      'lib/a.ts': "export function fail() { throw new Error('a') }\nexport class Thing { run() { fail() } }\n",
    })
    const sources = [{ fileName: 'lib/a.ts', line: 1 }]
    const project = (...tags: string[]): Reflection => {
      const signatures = [{ name: '', kind: 4096, comment: { summary: [], blockTags: tags.map(tag => ({ tag })) } }]
      const run = { name: 'run', kind: METHOD, sources, signatures }
      const fail = { name: 'fail', kind: FUNCTION, sources, signatures }
      return { name: 'lib', kind: 1, children: [fail, { name: 'Thing', kind: CLASS, children: [run] }] }
    }
    const found = checkDocstrings(project('@returns'), folder)
    expect(found.violations.map(({ message }) => message)).to.deep.equal([
      'the docstring of lib.fail has no @throws, though it throws',
      'the docstring of Thing.run has no @throws, though it throws',
    ])
    expect(checkDocstrings(project('@throws'), folder)).to.deep.equal({ checked: 2, violations: [] })
  })

  it('wants @throws of getters and setters that throw', () => {
    const folder = makeFolder({
      'lib/a.ts': `export class Thing {
        get size() { throw new Error('a') }
        get name() { return '' }
        set name(value) { throw new TypeError(value) }
        get calm() { return 1 }
      }`,
    })
    const sources = [{ fileName: 'lib/a.ts', line: 1 }]
    const complaintsOf = (...tags: string[]): string[] => {
      const signature = { name: '', kind: 4096, comment: { summary: [], blockTags: tags.map(tag => ({ tag })) } }
      const accessor = { kind: ACCESSOR, sources, getSignature: signature }
      const children = [
        { ...accessor, name: 'size' },
        { ...accessor, name: 'name', setSignature: signature },
        { ...accessor, name: 'calm' },
      ]
      const project = { name: 'lib', kind: 1, children: [{ name: 'Thing', kind: CLASS, children }] }
      return checkDocstrings(project, folder).violations.map(({ message }) => message)
    }
    expect(complaintsOf()).to.deep.equal([
      'the docstring of Thing.size has no @throws, though it throws',
      'the docstring of Thing.name has no @throws, though it throws',
    ])
    expect(complaintsOf('@throws')).to.deep.equal([])
  })

  it('follows getters and setters of `this`', () => {
    const files = {
      'a.ts': `export class A {
        get size() { throw new Error('a') }
        set size(value) {}
        get name() { return '' }
        set name(value) { throw new Error(value) }
        reads() { return this.size + 1 }
        writes() { this.size = 1 }
        adds() { this.size += 1 }
        counts() { this.name++ }
        names() { this.name = 'x' }
        asks() { return this.name }
      }`,
    }
    const names = ['reads', 'writes', 'adds', 'counts', 'names', 'asks'].map(name => `A.${name}`)
    expect(throwing(files, names)).to.deep.equal(['A.reads', 'A.adds', 'A.counts', 'A.names'])
  })

  it('follows calls into other files, `new` and methods of `this`', () => {
    const files = {
      'a.ts': `import { refuse as no, Strict } from './b.ts'
        export function named() { if (Math.random() > 1) no('x') }
        export function made() { return new Strict() }
        export function calm() { return Math.max(1, 2) }
        export class A { open() { this.#check() } #check() { named() } close() {} }`,
      'b.ts': `export function refuse(text) { throw new TypeError(text) }
        export class Strict { constructor() { refuse('y') } }`,
    }
    const names = ['named', 'made', 'calm', 'A.open', 'A.close', 'missing']
    expect(throwing(files, names)).to.deep.equal(['named', 'made', 'A.open'])
  })

  it('follows methods and properties of objects whose class is written down', () => {
    const files = {
      'a.ts': `import { Strict as Rule, strict } from './b.ts'
        function local(): Rule | undefined { return undefined }
        export function parameter(rule: Rule | null) { rule?.check() }
        export function byDefault(rule: Rule = strict()) { return rule.calm() + rule.size }
        export function made() { const rule = new Rule(); return rule.check() }
        export function given() { strict().check() }
        export function called() { local()!.check() }
        export function written(rule: Rule) { rule.size = 1 }
        export function calm(rule: Rule) { return rule.calm() }
        export function unknown(rule) { rule.check() }
        export function other(rule: { check(): void }) { rule.check() }
        export class A {
          readonly #rule: Rule | undefined
          readonly made = new Rule()
          field() { this.#rule?.check() }
          fieldOfField(other: A) { other.made.check() }
          none() { this.#rule?.calm() }
        }`,
      'b.ts': `export class Strict { check() { throw new Error('a') } calm() {} get size() { throw new Error('b') } set size(value) {} }
        export function strict(): Strict { return new Strict() }`,
    }
    const names = ['parameter', 'byDefault', 'made', 'given', 'called', 'written', 'calm', 'unknown', 'other']
    expect(throwing(files, names)).to.deep.equal(['parameter', 'byDefault', 'made', 'given', 'called'])
    const methods = ['A.field', 'A.fieldOfField', 'A.none']
    expect(throwing(files, methods)).to.deep.equal(['A.field', 'A.fieldOfField'])
  })

  it('follows what a class inherits', () => {
    const files = {
      'a.ts': `import { Base } from './b.ts'
        export class A extends Base { runs() { this.check() } rests() { this.calm() } }
        export class B extends A { calm() { throw new Error('b') } }
        export function made() { return new B() }
        export function run(b: B) { b.runs() }`,
      'b.ts': `export class Base { constructor() { throw new Error('c') } check() { throw new Error('a') } calm() {} }`,
    }
    const names = ['A.runs', 'A.rests', 'B.rests', 'made', 'run']
    expect(throwing(files, names)).to.deep.equal(['A.runs', 'made', 'run'])
  })

  it('leaves out what is caught, and what a function within does', () => {
    const files = {
      'a.ts': `export function caught() { try { throw new Error('a') } catch {} }
        export function again() { try { return 1 } catch (error) { throw error } }
        export function inFinally() { try { throw new Error('a') } finally { caught() } }
        export function later() { return () => { throw new Error('a') } }
        export function endless() { return endless() }`,
    }
    const names = ['caught', 'again', 'inFinally', 'later', 'endless']
    expect(throwing(files, names)).to.deep.equal(['again', 'inFinally'])
  })
})
