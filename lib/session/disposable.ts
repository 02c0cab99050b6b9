import { CLOSED } from './ready-state.ts'

/** The key of a symbol that the library of the user's compiler may lack. */
type SymbolKey<Name extends string> = SymbolConstructor extends { readonly [Key in Name]: infer Value extends symbol }
  ? Value
  : never

type Dispose = { [Key in SymbolKey<'dispose'>]: () => void }
type AsyncDispose = { [Key in SymbolKey<'asyncDispose'>]: () => Promise<void> }

/**
 * The methods that `using` and `await using` call. It has none where the types of the user's program know no disposables. It is an
 * interface, so that the declarations of a library can name it.
 */
export interface DisposableSocket extends Dispose, AsyncDispose {}

interface ClosableSocket {
  close(): void
  readonly readyState?: number
  readonly closed?: Promise<unknown>
  addEventListener?(type: 'close', listener: () => void): void
}

const { dispose, asyncDispose } = Symbol as { dispose?: symbol; asyncDispose?: symbol }

/** Gives a socket the methods of a disposable object. Those of a host without the symbols could not be called. */
export function makeDisposable<Socket extends object>(socket: Socket): Socket & DisposableSocket {
  const define = (name: symbol | undefined, value: () => unknown): void => {
    if (name !== undefined) Object.defineProperty(socket, name, { value, writable: true, configurable: true })
  }
  const closable = socket as unknown as ClosableSocket
  define(dispose, () => closable.close())
  define(asyncDispose, async () => {
    closable.close()
    await ended(closable)
  })
  return socket as Socket & DisposableSocket
}

/** Resolves at the end of the connection. A failure is told of elsewhere. */
async function ended(socket: ClosableSocket): Promise<void> {
  if (socket.closed !== undefined) await socket.closed.catch(() => {})
  else if (socket.readyState !== CLOSED) {
    await new Promise<void>(resolve => socket.addEventListener!('close', () => resolve()))
  }
}
