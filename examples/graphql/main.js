/** node main.js [URL]: prints the comments of a post as they come. Without a URL, a server is started. */
import { createClient } from 'graphql-ws'
import { configured } from 'whatwg-websocket'

const address = process.argv[2]
const server = address === undefined ? await (await import('./server.js')).startServer() : undefined

const client = createClient({
  url: address ?? server.url,
  webSocketImpl: configured({
    headers: { Authorization: `Bearer ${process.env.TOKEN ?? '123'}` },
    heartbeat: { interval: 30_000 },
  }),
  // A server that does not let us in will not do so the next time.
  shouldRetry: event => event?.code !== 4403,
})

const query = 'subscription ($post: ID!) { comments(post: $post) { author text } }'
try {
  for await (const { data, errors } of client.iterate({ query, variables: { post: '7' } })) {
    if (errors !== undefined) throw new Error(errors.map(({ message }) => message).join('; '))
    console.log(`${data.comments.author}: ${data.comments.text}`)
  }
} catch (error) {
  console.error(error.code === 4403 ? 'The server does not let us in' : error)
  process.exitCode = 1
} finally {
  await client.dispose()
  server?.close()
}
