import { once } from 'node:events'
import { buildSchema } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

const schema = buildSchema(`
  type Query { version: String! }
  type Comment { id: ID!, author: String!, text: String! }
  type Subscription { comments(post: ID!): Comment! }
`)

const roots = {
  query: { version: () => '1' },
  subscription: {
    async *comments({ post }) {
      const said = [
        ['Ann', `What is post ${post} about?`],
        ['Bob', 'Subscriptions.'],
      ]
      for (const [index, [author, text]] of said.entries()) yield { comments: { id: String(index + 1), author, text } }
    },
  },
}

/** A GraphQL server that lets in who has the token. */
export async function startServer() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/graphql' })
  useServer({ schema, roots, onConnect: ({ extra }) => extra.request.headers.authorization === 'Bearer 123' }, server)
  await once(server, 'listening')
  return { url: `ws://127.0.0.1:${server.address().port}/graphql`, close: () => server.close() }
}
