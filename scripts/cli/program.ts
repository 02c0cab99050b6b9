import process from 'node:process'
import { Command, Help, Option } from 'commander'
import type { WebSocketOptions } from '#lib/entry/node.js'
import type { Role } from './asyncapi/guide.ts'
import { checkUrl, URL_ADVICE } from './check-url.ts'
import type { ConnectionFlags } from './connection-options.ts'
import { write } from './output.ts'
import { coloursFor } from './style.ts'
import { UsageError } from './usage-error.ts'
import {
  collect,
  readCount,
  readDuration,
  readFactor,
  readHeader,
  readInterval,
  readLevel,
  readPort,
  readSize,
} from './values.ts'
import { version } from './version.ts'

/** What the command line asks for: called once, it returns the exit code. */
export type Job = () => Promise<number>

interface TalkFlags extends ConnectionFlags {
  readonly binary?: boolean
  readonly json?: boolean
  readonly null?: boolean
  readonly count?: number
  readonly wait?: boolean
  readonly linger: number
  readonly reconnect?: boolean
  readonly reconnectDelay: number
  readonly record?: string
  readonly asyncapi?: string
  readonly channel?: string
  readonly role: Role
  readonly send?: readonly string[]
  readonly verbose?: number
}

/**
 * The command line of `whatwg-websocket`. The action that was chosen is passed to `choose`. What it needs is loaded when it runs, so
 * that the help and a wrong command line do not wait for the library, the server and the parser of YAML.
 *
 * @param behindDashes the words behind `--` of the command `listen`
 */
export function createProgram(choose: (job: Job) => void, behindDashes: readonly string[]): Command {
  const program = new Command('whatwg-websocket')
  program
    .description('Talk to a WebSocket server: in a terminal line by line, in a pipe as a filter.')
    .version(version, '-V, --version', 'print the version')
    .usage('[options] URL\n       whatwg-websocket COMMAND [options] ...')
    .argument('[URL]', 'the server: ws:, wss:, http: or https:')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .enablePositionalOptions()
    .configureHelp({
      subcommandTerm: command => command.name(),
      styleTitle: title => coloursFor(process.stdout).bold(title),
      formatItem,
      minWidthToWrap: 20,
    })
    .showSuggestionAfterError()
  addConnectionOptions(program)
  program
    .optionsGroup('Messages:')
    .addOption(verboseOption())
    .option('-r, --reconnect', 'connect again if the connection is lost or the server restarts: after 1, 2, 4 … 30 s')
    .addOption(new Option('--reconnect-delay <TIME>').argParser(readDuration).default(1000).hideHelp())
    .addOption(
      new Option('--send <TEXT>', 'send this as soon as the connection is open, each time *').argParser(collect),
    )
    .option('-b, --binary', 'send the input as one binary message; with --null, each part')
    .option('--json', 'write each message as a JSON object: direction, time, type, data')
    .option('-0, --null', 'messages end with NUL instead of a line break, in and out')
    .addOption(new Option('-c, --count <N>', 'wait for N messages, and close').argParser(readCount))
    .option('-w, --wait', 'when the input ends, wait until the server closes')
    .addOption(
      new Option('--linger <TIME>', 'when the input ends, close after this long without a message')
        .argParser(readDuration)
        .default(1000, '1s'),
    )
    .option('--record <FILE>', 'write the messages of both directions to a file, for replay')
    .optionsGroup('AsyncAPI:')
    .option('--asyncapi <FILE>', 'check messages against a document; without a URL, list it')
    .option('--channel <NAME>', 'the channel; without a URL, connect to its server')
    .addOption(
      new Option('--role <SIDE>', 'which side the document describes').choices(['server', 'client']).default('server'),
    )
    .addHelpText('after', examples)
    .action((url: string | undefined, flags: TalkFlags, command: Command) => {
      choose(() => talk(url, flags, command))
    })
    .allowExcessArguments()

  addListen(program, choose, behindDashes)
  addReplay(program, choose)
  addBench(program, choose)
  program
    .command('demo')
    .description('show each event of an exchange with an echo server of its own')
    .allowExcessArguments(false)
    .action(() => choose(async () => await (await import('./demonstration.ts')).demonstrate()))
  return program
}

const examples = `
Examples:
  whatwg-websocket wss://echo.example/
  echo '{"type":"hello"}' | whatwg-websocket --count 1 wss://echo.example/
  whatwg-websocket -H 'Authorization: Bearer 123' -s chat wss://chat.example/
  whatwg-websocket listen 8080

* may be given several times. The exit code is 0 if the connection was closed
cleanly, 1 if it failed or the server closed it with the code of an error, 2 if
the command line is wrong.`

/** Columns below which a description stands under its term. */
const NARROW = 60

/** A row of the help: a term and its description. */
function formatItem(this: Help, term: string, width: number, description: string, helper: Help): string {
  const columns = helper.helpWidth ?? 80
  if (columns >= NARROW || description === '')
    return Help.prototype.formatItem.call(this, term, width, description, helper)
  const indent = '      '
  return `  ${term}\n${helper.boxWrap(description, columns - indent.length).replace(/^/gm, indent)}`
}

/** `-v` counts: `-vv` is 2. */
function verboseOption(): Option {
  return new Option('-v, --verbose', 'show the handshake; -vv each frame as well').argParser(
    (_value: unknown, before: number | undefined) => (before ?? 0) + 1,
  )
}

function addConnectionOptions(command: Command): void {
  command
    .optionsGroup('Connection:')
    .addOption(new Option('-H, --header <NAME: VALUE>', 'send a header with the handshake *').argParser(readHeader))
    .addOption(new Option('-s, --protocol <NAME>', 'offer a subprotocol *').argParser(collect))
    .option('-o, --origin <ORIGIN>', 'send this Origin')
    .option('-u, --user <NAME:PASS>', 'authenticate (basic authorization)')
    .option('--cookie-jar <FILE>', 'send the cookies of a file, and keep those of the server there')
    .addOption(new Option('--timeout <TIME>', 'limit the opening handshake').argParser(readDuration))
    .addOption(
      new Option('--ping <TIME>', 'ping at this interval, and give up a silent server').argParser(readInterval),
    )
    .addOption(new Option('--compress <LEVEL>', 'compress at a level from 0 to 9, or "off"').argParser(readLevel))
    .addOption(new Option('--max-payload <SIZE>', 'the largest message to receive, such as 16M').argParser(readSize))
    .option('--no-color', 'no colours (as with NO_COLOR=1)')
    .optionsGroup('Ways to the server:')
    .option('--cacert <FILE>', 'trust the authorities in a PEM file')
    .option('--cert <FILE>', 'show this certificate (PEM)')
    .option('--key <FILE>', 'the private key of --cert (PEM)')
    .option('-k, --insecure', 'trust any certificate')
    .option('-x, --proxy <URL>', 'go through an HTTP or SOCKS proxy')
    .option('--http2', 'use HTTP/2 (RFC 8441)')
    .option('--unix <PATH>', 'connect to a Unix socket; the URL has the host and the path')
}

function addListen(program: Command, choose: (job: Job) => void, behindDashes: readonly string[]): void {
  program
    .command('listen')
    .usage('[options] [PORT] [-- COMMAND ARGUMENT...]')
    .description('serve: echo each message, or run a program for each connection')
    .argument('[PORT]', 'the port to listen on; 0 takes a free one', readPort, 8080)
    .helpOption('-h, --help', 'print this help')
    .allowExcessArguments()
    .option('--host <ADDRESS>', 'the address to listen on', '127.0.0.1')
    .option('-b, --binary', 'pass bytes between the program and the client unchanged')
    .addOption(new Option('-s, --protocol <NAME>', 'accept a subprotocol *').argParser(collect))
    .addOption(new Option('-o, --origin <ORIGIN>', 'let web pages of this origin in; "*" is any *').argParser(collect))
    .option('--cert <FILE>', 'serve wss: with this certificate (PEM)')
    .option('--key <FILE>', 'the private key of --cert (PEM)')
    .option('-v, --verbose', 'show connections')
    .addHelpText(
      'after',
      `
A line that the program writes is a message to the client, and a message a line
that it reads. It finds the request in CGI variables such as QUERY_STRING.
* may be given several times.

Examples:
  whatwg-websocket listen 8080
  whatwg-websocket listen 8080 -- sh -c 'while read name; do echo "Hello $name"; done'`,
    )
    .action((port: number, flags, { args }: Command) => {
      if (args.length > 1) {
        const advice = `Put "--" before a program: listen ${args[0]} -- ${args.slice(1).join(' ')}`
        throw new UsageError(`"listen" takes a port, and not ${args.slice(1).join(' ')}`, advice)
      }
      const { host, binary = false, protocol = [], origin = [], cert, key, verbose = false } = flags
      const options = { port, host, command: behindDashes, binary, protocol, origin, cert, key, verbose }
      choose(async () => await (await import('./listen.ts')).listen(options))
    })
}

function addReplay(program: Command, choose: (job: Job) => void): void {
  const command = program
    .command('replay')
    .usage('[options] FILE URL\n       whatwg-websocket replay [options] FILE --listen PORT')
    .description('play a record again: to a server, or as a server')
    .allowExcessArguments(false)
    .argument('<FILE>', 'what --record or /save has written')
    .argument('[URL]', 'the server that gets the messages which were sent')
    .helpOption('-h, --help', 'print this help')
    .optionsGroup('Replay:')
    .addOption(verboseOption())
    .addOption(new Option('-l, --listen <PORT>', 'be the server instead').argParser(readPort))
    .option('--host <ADDRESS>', 'the address to listen on', '127.0.0.1')
    .option('--once', 'with --listen: end after the first connection')
    .option('--check', 'fail if the other side sends other messages')
    .addOption(new Option('--speed <FACTOR>', 'play that much faster').argParser(readFactor).default(1))
    .option('--fast', 'play without pauses')
    .addOption(
      new Option('--patience <TIME>', 'wait this long for a message').argParser(readDuration).default(10_000, '10s'),
    )
  addConnectionOptions(command)
  command.action((file: string, given: string | undefined, flags) => {
    const { speed, fast, patience, check = false, once = false, verbose = 0 } = flags
    const how = { file, speed: fast ? Number.POSITIVE_INFINITY : speed, patience, check }
    if (flags.listen === undefined) {
      if (given === undefined) {
        throw new UsageError('There is no URL', 'Give the URL of a server, or --listen PORT to be the server.')
      }
      const url = checkUrl(given)
      choose(async () => {
        const socket = await connectionOptions(flags)
        return await (await import('./replay.ts')).replayToServer({ ...how, url, socket, verbose })
      })
    } else if (given !== undefined) throw new UsageError('A URL and --listen exclude each other')
    else {
      const { listen: port, host, cert, key, protocol = [] } = flags
      const options = { ...how, port, host, cert, key, protocol, once }
      choose(async () => await (await import('./replay.ts')).replayAsServer(options))
    }
  })
}

function addBench(program: Command, choose: (job: Job) => void): void {
  const command = program
    .command('bench')
    .usage('[options] URL')
    .description('measure an echo server: rate and latency')
    .allowExcessArguments(false)
    .argument('<URL>', 'a server that answers each message')
    .helpOption('-h, --help', 'print this help')
    .optionsGroup('Bench:')
    .addOption(new Option('-n, --connections <N>', 'connections at once').argParser(readCount).default(10))
    .addOption(new Option('-m, --messages <N>', 'messages on each').argParser(readCount).default(1000))
    .addOption(new Option('-d, --duration <TIME>', 'send for this long instead').argParser(readDuration))
    .addOption(new Option('--size <SIZE>', 'of a message').argParser(readSize).default(64, '64'))
    .option('-b, --binary', 'send bytes instead of text')
    .addOption(new Option('--in-flight <N>', 'messages on each that wait at once').argParser(readCount).default(1))
    .addOption(
      new Option('--patience <TIME>', 'wait this long for an answer').argParser(readDuration).default(10_000, '10s'),
    )
    .option('--json', 'print a JSON object')
  addConnectionOptions(command)
  command.action((given: string, flags) => {
    const { connections, messages, duration, size, binary = false, inFlight, patience, json = false } = flags
    const options = { url: checkUrl(given), connections, messages, duration, size, binary, inFlight, patience }
    choose(async () => {
      const socket = await connectionOptions(flags)
      return await (await import('./bench-command.ts')).bench({ ...options, socket }, json)
    })
  })
}

async function talk(given: string | undefined, flags: TalkFlags, { args, commands }: Command): Promise<number> {
  const colours = coloursFor(process.stdout)
  const documented = flags.asyncapi === undefined ? undefined : await openDocument(flags.asyncapi)
  if (documented === undefined && flags.channel !== undefined)
    throw new UsageError('--channel needs --asyncapi as well')
  if (given === undefined && documented !== undefined && flags.channel === undefined) {
    write(`${documented.describeApi(documented.api, process.stdout.columns || 80, colours)}\n`)
    return 0
  }
  const address = given ?? documented?.api.urlOf(documented.findChannel(documented.api, flags.channel!))
  if (address === undefined) throw new UsageError('There is no URL', URL_ADVICE)
  const names = commands.map(command => command.name())
  const url = checkUrl(address, names)
  if (args.length > 1) throw new UsageError(`One URL at most, not ${args.length}: ${args.join(' ')}`)
  const { role, channel, reconnect = false, reconnectDelay, send: greetings = [], verbose = 0 } = flags
  const guide = documented && new documented.Guide({ api: documented.api, role, channel, url, colours })
  const socket = await connectionOptions(flags)
  const { Recorder } = await import('./exchange-record.ts')
  const recorder = flags.record === undefined ? undefined : new Recorder(flags.record)
  const common = { url, socket, reconnect, reconnectDelay, greetings, verbose, recorder, checker: guide }
  if (isTerminal()) {
    const { converse } = await import('./terminal/conversation.ts')
    const code = await converse({ ...common, catalog: guide })
    return recorder?.isLost === true ? 1 : code
  }
  const { binary = false, json = false, null: nul = false, wait = false, count, linger } = flags
  const { runFilter } = await import('./filter.ts')
  return await runFilter({ ...common, binary, json, null: nul, count, wait, linger })
}

async function openDocument(file: string) {
  const guide = await import('./asyncapi/guide.ts')
  return { ...guide, api: guide.readApi(file) }
}

async function connectionOptions(flags: ConnectionFlags): Promise<WebSocketOptions> {
  return await (await import('./connection-options.ts')).connectionOptions(flags)
}

/** Whether a person sits at both ends. */
function isTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true
}
