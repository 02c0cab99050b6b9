import process from 'node:process'
import { CommanderError } from 'commander'
import { createProgram, type Job } from './program.ts'
import { coloursFor } from './style.ts'
import { UsageError } from './usage-error.ts'

/*
 * The command `whatwg-websocket`, which `npm start` runs as well. The exit code is 0 after a clean close, 1 if the connection
 * failed, 2 if the command line is wrong.
 */

const exitCode = await main(process.argv.slice(2))
// Standard input, which may be a terminal, would keep the process alive.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)))

async function main(words: readonly string[]): Promise<number> {
  let job: Job | undefined
  // What stands behind "--" is not ours to read.
  const dashes = words[0] === 'listen' ? words.indexOf('--') : -1
  const ours = dashes < 0 ? words : words.slice(0, dashes)
  const choose = (chosen: Job): void => {
    job = chosen
  }
  const program = createProgram(choose, dashes < 0 ? [] : words.slice(dashes + 1))
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ outputError: () => {}, writeErr: () => {} })
  }
  try {
    if (words.length === 0) {
      program.outputHelp()
      return 0
    }
    await program.parseAsync([...ours], { from: 'user' })
    return (await job?.()) ?? 0
  } catch (error) {
    const isCommand = (word: string | undefined): boolean => program.commands.some(one => one.name() === word)
    const subject = isCommand(words[0]) ? ` ${words[0]}` : ''
    if (error instanceof CommanderError && error.code === 'commander.help') {
      return words[1] === undefined || isCommand(words[1]) ? 0 : complain(`There is no command "${words[1]}"`, '', '')
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : complain(tidy(error.message), '', subject)
    // The constructor of WebSocket throws TypeError or DOMException for a wrong header or subprotocol: errors of the user.
    const isUsers = error instanceof UsageError || error instanceof TypeError || error instanceof DOMException
    if (!isUsers) throw error
    return complain(error.message, (error instanceof UsageError && error.advice) || '', subject)
  }
}

function complain(message: string, advice: string, subject: string): number {
  const colours = coloursFor(process.stderr)
  const lines = [`${colours.red('error:')} ${message}`]
  if (advice !== '') lines.push(advice)
  lines.push(colours.dim(`"whatwg-websocket${subject} --help" tells what can be typed.`))
  process.stderr.write(`${lines.join('\n')}\n`)
  return 2
}

/** Without the prefix of commander, since `complain` adds one, and without its jargon. */
function tidy(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/^command-argument value '(.*)' is invalid for argument '(.*)'\./s, "'$1' is no $2.")
    .replace(/ argument '(.*?)' is invalid\./s, " cannot be '$1'.")
}
