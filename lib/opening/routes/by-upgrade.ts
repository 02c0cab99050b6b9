import type { AsyncContext } from '../../host/async-context.ts'
import { trimWhitespace } from '../../protocol/header-values.ts'
import type { ConnectTarget } from '../../transport/connect.ts'
import { ForeignExchange } from '../../transport/foreign-upgrade.ts'
import { GuardedPipe } from '../../transport/guarded-pipe.ts'
import type { HeaderList, ResponseHead, Upgrade } from '../../transport/pipe.ts'
import { ContextPipe } from '../context-pipe.ts'
import { isPipe, type UpgradeOption } from '../options/connect.ts'
import { dropPipe, type Route, wayBy } from '../way.ts'

/** The option `upgrade`. */
export const byUpgrade: Route = {
  needsAddress: false,
  isForeign: true,

  async open(target, { upgrade }, context) {
    return wayBy(guarded(upgrade!, target, context))
  },
}

/** An `Upgrade` of the user's: it may throw, report anything, and report it more than once. */
function guarded(upgrade: UpgradeOption, target: ConnectTarget, context: AsyncContext): Upgrade {
  return (request, handler) => {
    let cancel: unknown
    const exchange = new ForeignExchange(handler, reason => {
      if (typeof cancel !== 'function') return
      const drop = cancel as (reason: unknown) => unknown
      context.runInAsyncScope(attempt, undefined, () => drop(reason))
    })
    const report = {
      upgraded(head: ResponseHead, pipe: unknown): void {
        try {
          if (!isPipe(pipe)) throw new TypeError('The option "upgrade" gave no Pipe')
          const guardedPipe = new ContextPipe(new GuardedPipe(pipe), context)
          if (!exchange.upgraded(checkHead(head), guardedPipe)) dropPipe(guardedPipe)
        } catch (error) {
          exchange.failed(error)
        }
      },
      refused(head: ResponseHead, body: unknown): void {
        try {
          exchange.refused(checkHead(head))
          if (body instanceof Uint8Array) exchange.body(body)
          exchange.ended()
        } catch (error) {
          exchange.failed(error)
        }
      },
      failed: (error: unknown) => exchange.failed(error),
    }
    const run = (): void => {
      cancel = upgrade(request, report, target)
      // An async function fails by a promise.
      if (typeof cancel === 'object' && cancel !== null) {
        Promise.resolve(cancel).catch((error: unknown) => exchange.failed(error))
      }
    }
    try {
      context.runInAsyncScope(run, undefined)
    } catch (error) {
      exchange.failed(error)
    }
    return reason => exchange.cancel(reason)
  }
}

/** A copy of a response head with all that is relied on. @throws TypeError if it is none */
function checkHead(head: unknown): ResponseHead {
  const { status, statusText = '', headers = [] } = Object(head) as Partial<Record<keyof ResponseHead, unknown>>
  if (!Number.isInteger(status)) throw new TypeError('The option "upgrade" gave a response without a status')
  const fields: HeaderList = Array.from(headers as Iterable<Iterable<unknown>>, field => {
    const [name, value] = [...field]
    return [String(name).toLowerCase(), trimWhitespace(String(value).replaceAll(/[\0\r\n]+/g, ' '))] as const
  })
  return { status: status as number, statusText: String(statusText).replaceAll(/[\r\n]+/g, ' '), headers: fields }
}

function attempt(call: () => unknown): void {
  try {
    Promise.resolve(call()).catch(() => {})
  } catch {
    // The exchange is over, whatever becomes of it.
  }
}
