/** The method by which the consoles of Node.js, Bun and Deno let an object say how it is shown. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')
/** Deno's own, which its classes have, and which comes first there. */
const DENO_INSPECT = Symbol.for('Deno.privateCustomInspect')

/** The options of `util.inspect`, as far as they are used. */
interface InspectOptions {
  readonly stylize?: (text: string, style: string) => string
}

type Inspect = (value: unknown, options: object) => string

/**
 * Sets how a console shows the objects of a class: the name of their class, and the attributes that `view` returns. Nothing is
 * read before.
 *
 * @param view the attributes to show; throws for an object that only inherits from the prototype
 * @param heading the text before the attributes. Default: the name of the class
 */
export function showInConsole<Shown extends object>(
  prototype: Shown,
  view: (object: Shown) => object,
  heading: (object: Shown) => string = nameOf,
): void {
  function show(this: Shown, depth: number, options: InspectOptions, inspect?: Inspect): unknown {
    let attributes: object
    try {
      attributes = defined(view(this))
    } catch {
      // `this` is no such object, but the prototype itself, for example.
      return this
    }
    // A console that passes no `inspect` shows the returned object.
    if (inspect === undefined) return attributes
    if (depth < 0) return options.stylize?.(`[${nameOf(this)}]`, 'special') ?? `[${nameOf(this)}]`
    return `${heading(this)} ${inspect(attributes, options)}`
  }
  Object.defineProperty(prototype, INSPECT, { value: show, writable: true, configurable: true })
  if (!(DENO_INSPECT in prototype)) return
  function showInDeno(this: Shown, inspect: Inspect, options: InspectOptions): unknown {
    return show.call(this, 0, options, inspect)
  }
  Object.defineProperty(prototype, DENO_INSPECT, { value: showInDeno, writable: true, configurable: true })
}

/** The stack of an error, which Bun begins with the name of a class above. */
export function stackOf(error: { readonly name: string; readonly stack?: string }): string {
  return error.stack?.replace(/^Error\b/, error.name) ?? String(error)
}

/** The name of the object's class, which may be a subclass of the user's. */
function nameOf(object: object): string {
  return (object.constructor as { name?: unknown } | undefined)?.name?.toString() ?? 'Object'
}

/** A URL without its user and password, for people. */
export function withoutCredentials(url: string): string {
  const record = new URL(url)
  if (record.username === '' && record.password === '') return url
  record.username = '***'
  record.password = ''
  return record.href
}

/** The attributes that are not undefined, in their order. */
function defined(attributes: object): object {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}
