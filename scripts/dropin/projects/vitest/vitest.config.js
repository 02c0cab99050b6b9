import { defineConfig } from 'vitest/config'

const environmentOptions = {
  jsdom: { url: 'https://app.example/page/' },
  happyDOM: { url: 'https://app.example/page/' },
}
const of = (environment, pool) => ({
  test: {
    name: `${environment} ${pool}`,
    pool,
    environment,
    environmentOptions,
    include: [environment === 'node' ? 'node.test.js' : 'dom.test.js'],
    globalSetup: './echo-server.cjs',
  },
})

const pools = ['forks', 'threads', 'vmThreads']
const projects = ['node', 'jsdom', 'happy-dom'].flatMap(environment => pools.map(pool => of(environment, pool)))
export default defineConfig({ test: { projects, reporters: ['default'] } })
