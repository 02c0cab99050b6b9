/** The ways to a server that `use` adds, each by the name of its option. */

import { byDispatcher } from '../opening/routes/by-dispatcher.ts'
import { proxyRoute } from '../opening/routes/through-proxy.ts'
import type { Ways } from '../opening/ways.ts'
import { upgradeByAgent } from '../transport/agent.ts'
import { connectHttp2 } from '../transport/http2.ts'

/** The option `agent`: agents of Node.js. */
export const agent: Ways = { agent: upgradeByAgent }
/** The option `dispatcher`: Dispatchers of undici. */
export const dispatcher: Ways = { dispatcher: byDispatcher }
/** The option `http2`. */
export const http2: Ways = { http2: connectHttp2 }
/** The option `proxy`, and the proxies of the environment. */
export const proxy: Ways = { proxy: proxyRoute }
