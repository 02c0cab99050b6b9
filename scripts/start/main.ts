import process from 'node:process'
import { demonstrate } from './demonstration.ts'
import { readOptions, UsageError, usage } from './options.ts'
import { talk } from './talk.ts'

/*
 * `npm start`: an exchange with an echo server of our own. `npm start -- URL`: a conversation with that server.
 * The exit code is 0 after a clean close, 1 if the connection failed, 2 if the command line is wrong.
 */

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) console.log(usage)
  else process.exitCode = options.url === undefined ? await demonstrate() : await talk(options.url, options)
} catch (error) {
  // The constructor of WebSocket throws TypeError or DOMException for a wrong URL, header or subprotocol: errors of the user.
  if (!(error instanceof UsageError || error instanceof TypeError || error instanceof DOMException)) throw error
  console.error(`${error.message}\n\n${usage}`)
  process.exitCode = 2
}
