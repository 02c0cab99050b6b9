import { expect } from 'chai'
import { makeFolder } from '../support/temporary-folder.ts'
import { useLoopback } from '../support/ws-server.ts'
import { run } from './command.ts'
import { keys, Screen, useScreens } from './screen.ts'

const document = `asyncapi: 3.0.0
info: { title: Chat, version: 1.0.0 }
servers:
  local: { host: '127.0.0.1:{port}', protocol: ws, pathname: /v1, variables: { port: { default: '1' } } }
channels:
  chat:
    address: /chat/{room}
    summary: The talk of a room
    messages:
      join: { $ref: '#/components/messages/Join' }
      said: { $ref: '#/components/messages/Said' }
  news:
    address: /news
    messages:
      item: { payload: { type: object, required: [headline] } }
operations:
  onJoin:
    action: receive
    channel: { $ref: '#/channels/chat' }
    messages: [{ $ref: '#/channels/chat/messages/join' }]
  say:
    action: send
    channel: { $ref: '#/channels/chat' }
    messages: [{ $ref: '#/channels/chat/messages/said' }]
components:
  messages:
    Join:
      summary: Enters a room
      payload:
        type: object
        required: [type, user]
        additionalProperties: false
        properties:
          type: { const: join }
          user: { $ref: './user.json#/definitions/User' }
    Said:
      payload:
        type: object
        required: [type, text]
        additionalProperties: false
        properties: { type: { const: said }, text: { type: string } }
`

const user = JSON.stringify({
  definitions: {
    User: {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string', minLength: 1 }, role: { $ref: '#/definitions/Role' } },
    },
    Role: { enum: ['guest', 'host'] },
  },
})

describe('The command with an AsyncAPI document', function () {
  // It starts processes, on machines that have other things to do.
  this.timeout(60_000)
  useScreens()

  const { serve, afterwards } = useLoopback()
  const files = (text: string) => makeFolder({ 'chat.yaml': text, 'user.json': user })

  it('lists channels, messages and operations', async () => {
    const { exitCode, output } = await run(['--asyncapi', 'chat.yaml'], { folder: files(document) })
    expect(exitCode).to.equal(0)
    expect(output.split('\n').map(line => line.trimEnd())).to.deep.equal([
      'Chat',
      'Channels',
      'chat      /chat/{room}  The talk of a room',
      '          join  Enters a room',
      '          said',
      'news      /news',
      '          item',
      'Operations',
      'onJoin    receive join on chat',
      'say       send said on chat',
      '',
    ])
  })

  it('sends what its schemas take, and names what they do not', async () => {
    const server = await serve()
    const good = '{"type":"join","user":{"name":"A","role":"host"}}'
    const lines = [good, '{"type":"join","usr":1}', '{"type":"join","user":{"name":"","role":"x"}}', 'text']
    const words = ['--asyncapi', 'chat.yaml', '--count', '4', `${server.url}v1/chat/7`]
    const result = run(words, { input: lines.join('\n'), folder: files(document) })
    const peer = await server.accept()
    expect((await peer.message()).text).to.equal(good)
    peer.socket.send('{"type":"said","text":"hi"}')
    peer.socket.send('{"type":"said"}')
    const hostile = '{"type":"said","text":"hi","\\u001b[2J":1,"a/ü":1}'
    peer.socket.send(hostile)
    const halved = '{"type":"said","text":"hi","\\ud800":1}'
    peer.socket.send(halved)
    const { errors, output, exitCode } = await result
    expect(output).to.equal(`{"type":"said","text":"hi"}\n{"type":"said"}\n${hostile}\n${halved}\n`)
    const told = errors.trimEnd().split('\n')
    expect(told).to.have.members([
      'not sent: as "join": "user" is missing; "usr" is not allowed',
      'not sent: as "join": "user.name": String is too short (0 < 1); "user.role" is none of "guest", "host"',
      'not sent: it is no JSON, as the document has it',
      'received: as "said": "text" is missing',
      'received: as "said": "\\u001b[2J" is not allowed; "a/ü" is not allowed',
      'received: as "said": a name of a member is not well-formed Unicode',
    ])
    expect(exitCode).to.equal(1)
    await server.close()
  })

  it('takes the other side where the document describes the client', async () => {
    const server = await serve()
    const words = ['--asyncapi', 'chat.yaml', '--role', 'client', '--channel', 'chat', '--linger', '1ms', server.url]
    const result = run(words, { input: '{"type":"said","text":"x"}', folder: files(document) })
    const peer = await server.accept()
    expect((await peer.message()).text).to.equal('{"type":"said","text":"x"}')
    expect(await result).to.include({ exitCode: 0, errors: '' })
  })

  it('connects to the server of a channel', async () => {
    const server = await serve()
    const folder = files(document.replace("default: '1'", `default: '${server.port}'`))
    const result = run(['--asyncapi', 'chat.yaml', '--channel', 'news', '--linger', '1ms'], { folder })
    const peer = await server.accept()
    expect(peer.request.url).to.equal('/v1/news')
    expect((await result).exitCode).to.equal(0)
    const needy = await run(['--asyncapi', 'chat.yaml', '--channel', 'chat'], { folder })
    expect(needy.errors).to.include('needs a value for {room}')
    expect(needy.exitCode).to.equal(2)
  })

  it('completes messages, and fills in an example', async () => {
    const server = await serve()
    const screen = new Screen(['--asyncapi', 'chat.yaml', `${server.url}chat/1`], { folder: files(document) })
    afterwards(() => screen.end())
    const peer = await server.accept()
    await screen.until(/\n>$/)
    for (const [typed, shown] of [
      ['{"ty', /> \{"type":$/],
      ['"j', /> \{"type": "join"$/],
      [', "user": {"n', /"user": \{"name":$/],
    ] as const) {
      screen.type(typed)
      await screen.until(new RegExp(`${typed.slice(-3).replace(/[{"]/g, '\\$&')}$`))
      screen.type(keys.tab)
      await screen.until(shown)
    }
    screen.enter('"B"}}')
    expect((await peer.message()).text).to.equal('{"type": "join", "user": {"name": "B"}}')
    screen.enter('/send join')
    const example = { type: 'join', user: { name: 'text', role: 'guest' } }
    expect(JSON.parse((await peer.message()).text)).to.deep.equal(example)
    screen.enter('{"type":"join"}')
    await screen.until(/Not sent: as "join": "user" is missing/)
    screen.enter('/channels')
    await screen.until(/onJoin +receive join on chat/)
    peer.socket.send('{"type":"said"}')
    await screen.until(/< \{"type": "said"\}\n {2}as "said": "text" is missing/)
  })

  const mistakes: readonly [what: string, text: string, told: string][] = [
    ['another version', 'asyncapi: 2.6.0\n', 'is of AsyncAPI 2.6.0, and not 3'],
    ['no document', 'a: 1\n', 'is no AsyncAPI document'],
    ['no YAML', 'a: [\n', 'is neither YAML nor JSON'],
    ['a reference to nothing', document.replace('messages/Said', 'messages/Sad'), 'messages/Sad leads to nothing'],
  ]
  for (const [what, text, told] of mistakes) {
    it(`ends with 2 for ${what}`, async () => {
      const { exitCode, errors } = await run(['--asyncapi', 'chat.yaml'], { folder: files(text) })
      expect(errors).to.include(told)
      expect(exitCode).to.equal(2)
    })
  }

  it('ends with 2 for a channel that is none', async () => {
    const { exitCode, errors } = await run(['--asyncapi', 'chat.yaml', '--channel', 'cat'], { folder: files(document) })
    expect(errors).to.include('no channel "cat"').and.include('Did you mean "chat"?')
    expect(exitCode).to.equal(2)
  })
})
