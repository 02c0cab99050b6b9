/**
 * Options of wscat, websocat and curl that this command does not have, and what to type in their place. `docs/command.md` has the
 * same list for readers.
 */
const HABITS: readonly (readonly [options: string, advice: string])[] = [
  ['--connect', 'The URL needs no option: whatwg-websocket URL'],
  ['-l --listen', 'To be a server, type: whatwg-websocket listen PORT'],
  ['--execute -d --data', 'To send a text, type --send TEXT'],
  ['--no-check', 'To trust any certificate, type -k'],
  ['-n', 'To trust any certificate, type -k; to wait for the server after the end of the input, --wait'],
  ['--no-close', 'To wait for the server after the end of the input, type --wait'],
  ['-E --exit-on-eof', 'To close at once at the end of the input, type --linger 0'],
  ['-1 --one-message --max-messages', 'To close after a number of messages, type --count N'],
  ['-t --text', 'Messages are text unless --binary is given'],
  ['-P --show-ping-pong', 'To see pings and pongs, type -vv'],
  ['-i --include', 'To see the handshake, type -v'],
  ['-q --silent', 'Standard output has messages alone; to drop the remarks, type 2>/dev/null'],
  ['--slash', 'Commands such as /ping need no option'],
  ['--auth --basic-auth', 'To authenticate, type --user NAME:PASS'],
  ['--subprotocol', 'To offer a subprotocol, type --protocol NAME'],
  ['-A --user-agent', "To send another User-Agent, type -H 'User-Agent: NAME'"],
  ['--cookie', "To send a cookie, type -H 'Cookie: NAME=VALUE' or --cookie-jar FILE"],
  ['--ca', 'To trust an authority, type --cacert FILE'],
  ['--socks5', 'To go through a SOCKS proxy, type --proxy socks5://HOST:PORT'],
  ['-m --max-time --connect-timeout', 'To limit the opening handshake, type --timeout TIME'],
  ['--ping-interval', 'To ping, type --ping TIME'],
  ['-B --buffer-size', 'To limit what is received, type --max-payload SIZE'],
  ['-L --location', 'Redirects are not followed; the message of one says where it points'],
]

const advices: ReadonlyMap<string, string> = new Map(
  HABITS.flatMap(([options, advice]) => options.split(' ').map((option): [string, string] => [option, advice])),
)

/** The options that another command has, such as `--execute`. */
export const knownElsewhere: readonly string[] = [...advices.keys()]

/**
 * What to type in place of an option, if another command has it.
 *
 * @param word as it was typed: `-n`, `-n1`, `--auth=a:b`
 */
export function adviseOnHabit(word: string): string | undefined {
  return advices.get(word.startsWith('--') ? word.replace(/=.*/s, '') : word.slice(0, 2))
}
