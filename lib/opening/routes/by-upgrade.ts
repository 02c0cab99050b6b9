import type { AsyncContext } from '../../host/async-context.ts'
import { attempt } from '../../host/attempt.ts'
import { trimWhitespace } from '../../protocol/header-values.ts'
import type { ConnectTarget } from '../../transport/connect.ts'
import { ForeignExchange } from '../../transport/foreign-upgrade.ts'
import { GuardedPipe } from '../../transport/guarded-pipe.ts'
import type { HeaderList, ResponseHead, Upgrade } from '../../transport/pipe.ts'
import { isPipe, type UpgradeOption } from '../options/connect.ts'
import { dropPipe, type Route, wayBy } from '../way.ts'

/** The option `upgrade`. */
export const byUpgrade: Route = {
  needsAddress: false,
  option: 'upgrade',

  async open(target, { upgrade }, context) {
    return wayBy(guarded(upgrade!, target, context))
  },
}

type Cancel = (reason: unknown) => unknown

/** An `Upgrade` of the user's: it may throw, report anything, and report it more than once. */
function guarded(upgrade: UpgradeOption, target: ConnectTarget, context: AsyncContext): Upgrade {
  return (request, handler) => {
    let cancel: unknown
    const exchange = new ForeignExchange(handler, reason => {
      return typeof cancel === 'function' && context.runInAsyncScope(cancel as Cancel, undefined, reason)
    })
    const report = {
      upgraded(head: ResponseHead, pipe: unknown): void {
        attempt(() => {
          if (!isPipe(pipe)) throw new TypeError('It gave no Pipe')
          const guardedPipe = new GuardedPipe(pipe, context)
          if (!exchange.upgraded(checkHead(head), guardedPipe)) dropPipe(guardedPipe)
        }, exchange.failed)
      },
      refused(head: ResponseHead, body: unknown): void {
        attempt(() => {
          exchange.refused(checkHead(head))
          if (body instanceof Uint8Array) exchange.body(body)
          exchange.ended()
        }, exchange.failed)
      },
      failed: exchange.failed,
    }
    const run = (): unknown => {
      cancel = upgrade(request, report, target)
      return cancel
    }
    context.runInAsyncScope(attempt, undefined, run, report.failed)
    return exchange.cancel
  }
}

/** A copy of a response head with all that is relied on. @throws TypeError if it is none */
function checkHead(head: unknown): ResponseHead {
  const { status, statusText = '', headers = [] } = Object(head) as Partial<Record<keyof ResponseHead, unknown>>
  if (!Number.isInteger(status)) throw new TypeError('It gave a response without a status')
  const fields: HeaderList = Array.from(headers as Iterable<Iterable<unknown>>, field => {
    const [name, value] = [...field]
    return [String(name).toLowerCase(), trimWhitespace(String(value).replaceAll(/[\0\r\n]+/g, ' '))] as const
  })
  return { status: status as number, statusText: String(statusText).replaceAll(/[\r\n]+/g, ' '), headers: fields }
}
