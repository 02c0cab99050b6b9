/** An HTTP proxy for main.ts, in a process of its own. Prints its port as JSON. */
import { startHttpProxy } from '../../spec-tests/support/proxy-servers.ts'

const { port } = await startHttpProxy()
console.log(JSON.stringify({ proxy: port }))
