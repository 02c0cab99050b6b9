import { defineConfig } from 'vitest/config'

const environmentOptions = {
  jsdom: { url: 'https://app.example/page/' },
  happyDOM: { url: 'https://app.example/page/' },
}
const of = environment => ({
  test: {
    name: environment,
    environment,
    environmentOptions,
    include: [environment === 'node' ? 'node.test.js' : 'dom.test.js'],
    globalSetup: './echo-server.cjs',
  },
})

export default defineConfig({ test: { projects: ['node', 'jsdom', 'happy-dom'].map(of), reporters: ['default'] } })
