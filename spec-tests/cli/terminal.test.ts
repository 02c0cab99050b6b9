import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeFolder } from '../support/temporary-folder.ts'
import { type Peer, useLoopback } from '../support/ws-server.ts'
import { keys, Screen, type ScreenOptions, useScreens } from './screen.ts'

/** Times of day differ from run to run. */
function withoutTimes(lines: readonly string[]): string[] {
  return lines.map(line => line.replace(/\d\d:\d\d:\d\d\.\d{3}/, 'TIME'))
}

/** What puts the cursor into a column is the last that was written. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a control sequence is what is looked for
const CURSOR_PLACED = /\x1b\[\d+G$/
const LONG_LINE = Array.from({ length: 28 }, (_, index) => `w${index + 10}`).join(' ')

describe('The command in a terminal', function () {
  // It starts processes, on machines that have other things to do.
  this.timeout(60_000)
  useScreens()

  const { serve, afterwards } = useLoopback()

  /** A conversation that is open, and the server's side of it. */
  async function converse(options: ScreenOptions = {}, words: readonly string[] = []) {
    const server = await serve({ handleProtocols: () => 'chat' })
    const screen = new Screen([...words, server.url], options)
    afterwards(() => screen.end())
    const peer = await server.accept()
    // A message may stand there already.
    await screen.until(/Ctrl\+D\s+closes\.\n(?:.*\n)*> ?$/)
    return { server, screen, peer }
  }

  async function echo(peer: Peer): Promise<string> {
    const { text, data, isBinary } = await peer.message()
    peer.socket.send(data, { binary: isBinary })
    return text
  }

  if (existsSync('/dev/full')) {
    it('goes on without a record that cannot be written, and ends with 1', async () => {
      const { screen, peer } = await converse({}, ['-s', 'chat', '--record', '/dev/full'])
      expect(screen.text).to.match(/The record cannot be written: .*no space left/i)
      screen.enter('hello')
      expect(await echo(peer)).to.equal('hello')
      await screen.until(/< hello\n/)
      screen.type(keys.ctrlD)
      expect(await screen.ended).to.equal(1)
    })
  }

  it('tells how it is used where nothing is typed behind its name', async () => {
    const screen = new Screen([])
    afterwards(() => screen.end())
    await screen.until(/Usage: whatwg-websocket /)
    expect(await screen.ended).to.equal(0)
  })

  it('sends lines, and shows messages with their times above the line that is typed', async () => {
    const { screen, peer, server } = await converse({}, ['-s', 'chat'])
    screen.enter('hello')
    expect(await echo(peer)).to.equal('hello')
    await screen.until(/< hello\n/)
    screen.type('half of')
    await screen.until(/> half of$/)
    peer.socket.send('in between\x1b[2J')
    await screen.until(/\\u001b\[2J\n> half of$/)
    screen.enter(' it')
    expect(await echo(peer)).to.equal('half of it')
    await screen.until(/< half of it\n/)
    screen.type(keys.ctrlD)
    expect(await screen.ended).to.equal(0)
    expect(withoutTimes(screen.lines)).to.deep.equal([
      `connecting to ${server.url}`,
      'open, subprotocol chat',
      'A line that you type is sent. /help lists commands, Ctrl+D closes.',
      'TIME > hello',
      'TIME < hello',
      'TIME < in between\\u001b[2J',
      'TIME > half of it',
      'TIME < half of it',
      'closed: 1000 normal',
    ])
    expect(await peer.closed).to.deep.equal({ code: 1000, reason: '' })
    // What is pasted is marked while the command runs, and not afterwards.
    expect(screen.written).to.include('\x1b[?2004h')
    expect(screen.written.lastIndexOf('\x1b[?2004l')).to.be.above(screen.written.lastIndexOf('\x1b[?2004h'))
  })

  it('keeps a long line whole in a narrow terminal', async () => {
    const { screen, peer } = await converse({ columns: 40 })
    const line = 'A line of more than forty characters, which takes two rows or three'
    screen.type(line)
    await screen.until(/two rows or three$/)
    peer.socket.send('above')
    await screen.until(/ < above\n> A line of more than forty characters,\nwhich takes two rows or three$/)
    screen.type(keys.left.repeat(5) + keys.enter)
    expect((await peer.message()).text).to.equal(line)
    await screen.until(/above\n\S+ > A line of more[^>]*\n>$/)
    expect(screen.text.replaceAll('\n', '')).to.include(`> ${line}>`)
    expect(Math.max(...screen.lines.map(one => one.length))).to.be.at.most(40)
  })

  for (const [what, reflows] of [
    ['breaks lines anew', true],
    ['cuts lines off', false],
  ] as const) {
    it(`keeps the line, and what is above, when a terminal that ${what} gets another width`, async () => {
      const { screen, peer } = await converse({ columns: 100, reflows })
      screen.type(LONG_LINE)
      await screen.until(/ w37$/)
      const widths = [47, 30, 97, 113, 38]
      for (const [index, columns] of widths.entries()) {
        await screen.resize(columns)
        // The terminal is asked where the cursor is, and the line is drawn anew.
        await screen.untilWritten(new RegExp(`(\\[6n[^]*w37[^]*){${index + 1}}`))
        peer.socket.send(`at ${columns}`)
        const above = new RegExp(`< at ${columns}\\n(>[^]* w37)$`)
        const [, line] = await screen.until(above)
        expect(line!.replaceAll('\n', '').replaceAll(' ', '')).to.equal(`>${LONG_LINE.replaceAll(' ', '')}`)
        expect(line!.split('\n')).to.have.length(Math.ceil((LONG_LINE.length + 2) / columns))
        // Readline puts the cursor to its place by a write of its own, behind the text.
        await screen.untilWritten(CURSOR_PLACED)
      }
      const shown = screen.lines.map(one => one.replace(/.* < at /, 'at ')).filter(one => /^(at|>) /.test(one))
      expect(shown).to.deep.equal([...widths.map(columns => `at ${columns}`), `> ${LONG_LINE}`.slice(0, 38).trimEnd()])
    })
  }

  it('begins each connection with what it is told to send', async () => {
    const { server, screen, peer } = await converse({}, ['--send', 'hello'])
    expect((await peer.message()).text).to.equal('hello')
    await screen.until(/> hello\n>$/)
    screen.enter(`/open ${server.url}`)
    expect((await (await server.accept()).message()).text).to.equal('hello')
    await screen.until(/\[2\] \S+ > hello\n2>$/)
    screen.enter('/switch')
    await screen.until(/\n1 {4}ws:\S+ open\n2 \* {2}ws:\S+ open\n2>$/)
  })

  it('lays out JSON, whose numbers stay as they are', async () => {
    const { screen, peer } = await converse()
    peer.socket.send('{"id":12345678901234567890,"list":[1.0,true,{}]}')
    await screen.until(/< \{"id": 12345678901234567890, "list": \[1\.0, true, \{\}\]\}\n/)
    peer.socket.send(JSON.stringify({ long: 'x'.repeat(80), list: [] }))
    await screen.until(/< ?\n\{\n {2}"long": "x+"?\n?x*",\n {2}"list": \[\]\n\}\n/)
    screen.enter('/json off')
    await screen.until(/as it came/)
    peer.socket.send('{"a":1}')
    await screen.until(/< \{"a":1\}\n/)
    expect(screen.written).to.include('\x1b[36m"id"\x1b[39m')
  })

  it('has no colours if NO_COLOR is set, or --no-color is given', async () => {
    for (const [variables, words] of [
      [{ NO_COLOR: '1' }, []],
      [{}, ['--no-color']],
    ] as const) {
      const { screen, peer } = await converse({ environment: variables }, words)
      peer.socket.send('{"a":1}')
      await screen.until(/\{"a": 1\}/)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what is looked for
      expect(screen.written).to.not.match(/\x1b\[[\d;]*m/)
      await screen.end()
    }
  })

  it('shows bytes as a hex dump, as wide as there is room for', async () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, index) => index + 60)
    const wide = await converse()
    wide.peer.socket.send(bytes)
    await wide.screen.until(
      /< binary, 18 bytes\n0000 {2}3c 3d 3e 3f 40 41 42 43 {2}44 .* {2}<=>\?@ABC.*\n0010 {2}4c 4d +LM\n/,
    )
    wide.screen.enter('/binary ca fe 0A')
    expect(await wide.peer.message()).to.deep.include({ data: Buffer.of(0xca, 0xfe, 0x0a), isBinary: true })
    wide.screen.enter('/binary abc')
    await wide.screen.until(/pairs of hexadecimal digits/)
    const narrow = await converse({ columns: 40 })
    narrow.peer.socket.send(bytes)
    await narrow.screen.until(/\n0008 {2}44 45 46 47 {2}48 49 4a 4b {2}DEFGHIJK\n/)
  })

  it('sends bytes of hexadecimal digits and of Base64, and nothing that is neither', async () => {
    const { screen, peer } = await converse()
    for (const [index, wrong] of ['', 'abc', 'zz', 'base64:!!', 'base64:A', 'base64:aGk=aGk='].entries()) {
      screen.enter(`/binary ${wrong}`)
      await screen.until(new RegExp(`(/binary takes [^]*){${index + 1}}\\n>$`))
    }
    for (const right of ['68 69', '0x68 0x69', 'base64:aGk=', 'base64:aGk']) {
      screen.enter(`/binary ${right}`)
      expect(await peer.message()).to.deep.include({ data: Buffer.from('hi'), isBinary: true })
    }
    screen.enter('/binary base64:-_8')
    expect(await peer.message()).to.deep.include({ data: Buffer.of(0xfb, 0xff) })
  })

  it('sends a paste of several lines as one message', async () => {
    const { screen, peer } = await converse()
    screen.type(keys.paste('{\r  "a": 1\r\n}'))
    await screen.until(/> \{␤ {2}"a": 1␤\}$/)
    screen.enter('')
    expect((await peer.message()).text).to.equal('{\n  "a": 1\n}')
    screen.type(`one${keys.altEnter}two${keys.enter}`)
    expect((await peer.message()).text).to.equal('one\ntwo')
    await screen.until(/> ?\none\ntwo\n>$/)
    screen.type(`${keys.paste('a single line')}${keys.enter}`)
    expect((await peer.message()).text).to.equal('a single line')
  })

  it('sends control characters that are pasted, and takes none for a key', async () => {
    const { screen, peer } = await converse()
    const text = 'a\tb\x03c\x04d\x1b[31me\x7f'
    screen.type(keys.paste(text))
    await screen.until(/> a␉b␃c␄d␛\[31me␡$/)
    screen.enter('')
    expect((await peer.message()).text).to.equal(text)
    await screen.until(/> a\s+b\\u0003c\\u0004d\\u001b\[31me\\u007f\n>$/)
  })

  it('is stopped by Ctrl+Z, and goes on in the foreground', async () => {
    const { screen, peer } = await converse({ jobControl: true })
    screen.type('half')
    await screen.until(/> half$/)
    const before = screen.written.length
    screen.type(keys.ctrlZ)
    await screen.until(/stopped\n(?:.*\n)*> half$/)
    // The shell must not get the marks of pastes.
    const [stopped, resumed] = screen.written.slice(before).split('stopped')
    expect(stopped).to.include('\x1b[?2004l')
    expect(resumed).to.include('\x1b[?2004h')
    screen.enter(' way')
    expect((await peer.message()).text).to.equal('half way')
    screen.type(keys.ctrlD)
    expect(await screen.ended).to.equal(0)
  })

  it('keeps the lines that were typed, for the next time', async () => {
    const state = makeFolder()
    const options = { environment: { XDG_STATE_HOME: state } }
    const first = await converse(options)
    first.screen.enter('remember me')
    await first.peer.message()
    first.screen.enter(' not me')
    await first.peer.message()
    first.screen.type(keys.ctrlD)
    await first.screen.ended
    const second = await converse(options)
    second.screen.type(keys.up)
    await second.screen.until(/> remember me$/)
    second.screen.enter('')
    expect((await second.peer.message()).text).to.equal('remember me')
    expect(statSync(join(state, 'whatwg-websocket/history')).mode & 0o777).to.equal(0o600)
  })

  it('completes commands and their arguments', async () => {
    const folder = makeFolder({ 'a-long-name.txt': 'content', '.websocket.json': '{"messages":{"greeting":"hi"}}' })
    const { screen, peer } = await converse({ folder })
    screen.type('/fil')
    await screen.until(/\/fil$/)
    screen.type(keys.tab)
    await screen.until(/\/file ?$/)
    screen.type('a-l')
    await screen.until(/\/file a-l$/)
    screen.type(keys.tab)
    await screen.until(/a-long-name\.txt$/)
    screen.enter('')
    expect(await peer.message()).to.include({ text: 'content', isBinary: false })
    screen.type('/send g')
    await screen.until(/\/send g$/)
    screen.type(keys.tab)
    await screen.until(/\/send greeting$/)
    screen.enter('')
    expect((await peer.message()).text).to.equal('hi')
  })

  it('sends saved messages with variables, and asks for those that are not set', async () => {
    const home = makeFolder({ '.websocket.json': '{"messages":{"at home":"x","hi":"home"},"variables":{"me":"A"}}' })
    const messages = { hi: { from: '{{me}}', to: '{{ who }}', n: '{{n}}', at: 'in {{room}}' } }
    const folder = makeFolder({ '.websocket.json': JSON.stringify({ messages, variables: { n: 7 } }) })
    const { screen, peer } = await converse({ folder, environment: { HOME: home } })
    screen.enter('/send hi room=1')
    await screen.until(/who: ?$/)
    screen.enter('B')
    expect(JSON.parse((await peer.message()).text)).to.deep.equal({ from: 'A', to: 'B', n: 7, at: 'in 1' })
    screen.enter('/set who=D')
    await screen.until(/\{\{who\}\} is D\n/)
    screen.enter('/set who C=1')
    await screen.until(/\{\{who\}\} is C=1\n/)
    screen.enter('/send hi room="2 3"')
    expect(JSON.parse((await peer.message()).text)).to.include({ to: 'C=1', at: 'in 2 3' })
    // What is typed has the type that the variable has in the file, if it reads as such a value.
    screen.enter('/send hi room=1 n=8 who=9')
    expect(JSON.parse((await peer.message()).text)).to.include({ n: 8, to: '9' })
    screen.enter('/set n 10')
    await screen.until(/\{\{n\}\} is 10\n/)
    screen.enter('/send hi room=1')
    expect(JSON.parse((await peer.message()).text)).to.include({ n: 10 })
    screen.enter('/send hi room=1 n=many')
    expect(JSON.parse((await peer.message()).text)).to.include({ n: 'many' })
    screen.enter('/send at home')
    expect((await peer.message()).text).to.equal('x')
    screen.enter('/keep again {"x":"{{me}}"}')
    await screen.until(/\/send again sends it/)
    expect(JSON.parse(readFileSync(join(folder, '.websocket.json'), 'utf8')).messages).to.deep.equal({
      ...messages,
      again: { x: '{{me}}' },
    })
    screen.enter('/send agin')
    await screen.until(/no message "agin"\. Did you mean\s"again"\?/)
    screen.enter('/messages')
    await screen.until(/again +\{"x":"\{\{me\}\}"\}\n/)
  })

  it('says what is wrong with .websocket.json', async () => {
    const folder = makeFolder({ '.websocket.json': '{"variables":{"a":[]}}' })
    const screen = new Screen(['ws://127.0.0.1:1/'], { folder })
    expect(await screen.ended).to.equal(2)
    expect(screen.text.replace(/\s+/g, '')).to.include('"variables.a"isoftypearray,andnotstringornumberorboolean')
  })

  it('finds messages, shows one whole, and saves all', async () => {
    const folder = makeFolder()
    const { screen, peer } = await converse({ folder })
    for (const text of ['{"type":"join","user":{"name":"A"}}', '{"type":"leave"}', 'Plain words'])
      peer.socket.send(text)
    peer.socket.send(new Uint8Array(300))
    await screen.until(/… 44 bytes more/)
    screen.enter('/find .type=join')
    await screen.until(/#1 \S+ < .*join.*\n1 message;/)
    screen.enter('/find .user.name')
    await screen.until(/#1 .*\n1 message;[\s\S]*#1 .*\n1 message;/)
    screen.enter('/find plain')
    await screen.until(/#3 \S+ < Plain words\n/)
    screen.enter('/find /^.P|lea/i')
    await screen.until(/#2 .*leave.*\n1 message;/)
    screen.enter('/show 4')
    await screen.until(/0120 {2}00/)
    screen.enter('/save all.jsonl')
    await screen.until(/4 messages saved/)
    const lines = readFileSync(join(folder, 'all.jsonl'), 'utf8').trimEnd().split('\n')
    expect(lines.map(line => JSON.parse(line).type)).to.deep.equal(['text', 'text', 'text', 'binary'])
  })

  it('pings, and shows the handshake', async () => {
    const { screen, peer } = await converse({}, ['-H', 'X-Mine: yes'])
    screen.enter('/ping are you there')
    expect((await peer.ping()).toString()).to.equal('are you there')
    await screen.until(/pong after [\d.]+ ms/)
    screen.enter('/headers')
    await screen.until(
      /> GET \/ HTTP\/1\.1\n[\s\S]*> X-Mine: yes\n[\s\S]*< HTTP\/1\.1 101 Switching Protocols\n< upgrade: websocket/,
    )
  })

  it('talks on several connections', async () => {
    const { server, screen, peer } = await converse()
    screen.enter(`/open ${server.url}two`)
    const second = await server.accept()
    expect(second.request.url).to.equal('/two')
    await screen.until(/\[2\] open\n/)
    screen.enter('on two')
    expect((await second.message()).text).to.equal('on two')
    peer.socket.send('from one')
    await screen.until(/\[1\] \S+ < from one\n2>/)
    screen.enter('/switch 1')
    await screen.until(/\n1>$/)
    screen.enter('on one')
    expect((await peer.message()).text).to.equal('on one')
    screen.enter('/switch 3')
    await screen.until(/There is no connection 3/)
    screen.enter('/switch two')
    await screen.until(/\/switch takes the number of a connection/)
    screen.type(keys.ctrlD)
    expect(await screen.ended).to.equal(0)
    expect(await peer.closed).to.include({ code: 1000 })
    expect(await second.closed).to.include({ code: 1000 })
  })

  it('stays when the connection has ended, and connects again', async () => {
    const { server, screen, peer } = await converse()
    screen.enter('/close 3001 enough')
    expect(await peer.closed).to.deep.equal({ code: 3001, reason: 'enough' })
    await screen.until(/closed: 3001 "enough"\n\/reconnect/)
    screen.enter('lost')
    await screen.until(/Not sent: the connection is closed/)
    screen.enter('/reconnect')
    const again = await server.accept()
    await screen.until(/open\n>/)
    again.socket.terminate()
    await screen.until(/WS_ERR_CONNECTION_LOST[\s\S]*closed: 1006 abnormal closure/)
    screen.type(keys.ctrlD)
    expect(await screen.ended).to.equal(1)
  })

  it('ends with 1 if the server closed with the code of an error, and with 0 if the user did', async () => {
    const refused = await converse()
    refused.peer.socket.close(1011, 'broken')
    await refused.screen.until(/closed: 1011 internal error "broken"\n/)
    refused.screen.type(keys.ctrlD)
    expect(await refused.screen.ended).to.equal(1)
    const { screen } = await converse()
    screen.enter('/close 3001')
    await screen.until(/closed: 3001\n/)
    screen.type(keys.ctrlD)
    expect(await screen.ended).to.equal(0)
  })

  it('ends at once if there never was a connection', async () => {
    const server = await serve()
    await server.close()
    const screen = new Screen([server.url])
    expect(await screen.ended).to.equal(1)
    expect(screen.text).to.include('ECONNREFUSED')
  })

  it('empties the line on Ctrl+C, and closes on another one', async () => {
    const { screen, peer } = await converse()
    screen.type('not sent')
    await screen.until(/not sent$/)
    screen.type(keys.ctrlC)
    await screen.until(/\n>$/)
    screen.type(keys.ctrlC)
    expect(await screen.ended).to.equal(0)
    expect(await peer.closed).to.include({ code: 1000 })
  })

  it('lists its commands, and names the one that was meant', async () => {
    const { screen, peer } = await converse({ columns: 40 })
    screen.enter('/help')
    await screen.until(/\n\/\/TEXT\n {2}send a text that begins with a slash\n/)
    expect(Math.max(...screen.lines.map(one => one.length))).to.be.at.most(40)
    screen.enter('/pnig')
    await screen.until(/Did you mean\s\/ping\?/)
    screen.enter('//ping')
    expect((await peer.message()).text).to.equal('/ping')
  })

  it('has a help for a narrow terminal', async () => {
    const screen = new Screen(['--help'], { columns: 40 })
    expect(await screen.ended).to.equal(0)
    expect(screen.lines).to.include('  -c, --count <N>').and.include('      wait for N messages, and close')
  })

  it('sends files as they are', async () => {
    const folder = makeFolder({ 'text.txt': 'Grüße\n' })
    writeFileSync(join(folder, 'bytes'), Uint8Array.of(0xff, 0))
    const { screen, peer } = await converse({ folder })
    screen.enter('/file text.txt')
    expect(await peer.message()).to.include({ text: 'Grüße\n', isBinary: false })
    screen.enter('/file -b text.txt')
    expect(await peer.message()).to.include({ text: 'Grüße\n', isBinary: true })
    screen.enter('/file bytes')
    expect(await peer.message()).to.deep.include({ data: Buffer.of(0xff, 0), isBinary: true })
    screen.enter('/file nonesuch')
    await screen.until(/cannot be read: there is no nonesuch/)
  })
})
