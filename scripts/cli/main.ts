import process from 'node:process'
import { CommanderError } from 'commander'
import { adviseOnHabit } from './habits.ts'
import { finish, write } from './output.ts'
import { createProgram, type Job } from './program.ts'
import { coloursFor } from './style.ts'
import { closest } from './text.ts'
import { UsageError } from './usage-error.ts'

/*
 * The command `whatwg-websocket`, which `npm start` runs as well. The exit code is 0 after a clean close, 1 if the connection
 * failed, 2 if the command line is wrong.
 */

/** Why the output could not be written. That its reader has gone, as `head` goes when it has enough, is no failure. */
let lost: NodeJS.ErrnoException | undefined
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || lost !== undefined) return
  lost = error
  process.stderr.write(`The output cannot be written: ${error.message}\n`)
})
process.stderr.on('error', () => {})
const exitCode = await main(process.argv.slice(2))
// Once all is written, and what failed is told. Standard input, which may be a terminal, would keep the process alive.
const end = (): void => {
  setImmediate(() => finish(process.stderr, () => process.exit(lost === undefined ? exitCode : 1)))
}
if (lost === undefined) finish(process.stdout, end)
else end()

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
    command.exitOverride().configureOutput({ outputError: () => {}, writeErr: () => {}, writeOut: write })
  }
  try {
    // In a pipe, the help would be taken for messages of a server.
    if (words.length === 0 && process.stdout.isTTY) {
      program.outputHelp()
      return 0
    }
    await program.parseAsync([...ours], { from: 'user' })
    return (await job?.()) ?? 0
  } catch (error) {
    const names = program.commands.map(one => one.name())
    const isCommand = (word: string | undefined): boolean => word !== undefined && names.includes(word)
    const subject = isCommand(words[0]) ? ` ${words[0]}` : ''
    if (error instanceof CommanderError && error.code === 'commander.help') {
      const [, about] = words
      if (about === undefined || isCommand(about)) return 0
      const meant = closest(about, names)
      return complain(`There is no command "${about}"`, meant === undefined ? '' : `Did you mean "${meant}"?`, '')
    }
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      const told = tidy(error.message)
      const habit = subject === '' ? adviseOnOtherCommand(told) : undefined
      // In place of a name that is merely spelt alike.
      if (habit !== undefined) return complain(told.split('\n')[0]!, habit, subject)
      return complain(told, adviseOnProgram(error, words), subject)
    }
    // The constructor of WebSocket throws TypeError or DOMException for a wrong header or subprotocol: errors of the user.
    const isUsers = error instanceof UsageError || error instanceof TypeError || error instanceof DOMException
    if (!isUsers) throw error
    return complain(error.message, (error instanceof UsageError && error.advice) || '', subject)
  }
}

/** What to type in place of an option that is another command's, or means something else there, if the message is about one. */
function adviseOnOtherCommand(message: string): string | undefined {
  const unknown = /^unknown option '(.*?)'/s.exec(message)?.[1]
  // As in "wscat -c URL".
  const isConnect = /^option '-c, --count <N>' cannot be '\w+:\/\//.test(message)
  return adviseOnHabit(unknown ?? (isConnect ? '--connect' : ''))
}

/** A program behind the port of `listen` needs "--" before it; otherwise its options are taken for those of `listen`. */
function adviseOnProgram({ code }: CommanderError, words: readonly string[]): string {
  if (code !== 'commander.unknownOption' || words[0] !== 'listen' || words.includes('--')) return ''
  const at = words.findIndex((word, index) => index > 1 && !word.startsWith('-') && /^\d+$/.test(words[index - 1]!))
  if (at < 0) return ''
  return `Put "--" before a program: ${words.slice(0, at).join(' ')} -- ${words.slice(at).join(' ')}`
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
