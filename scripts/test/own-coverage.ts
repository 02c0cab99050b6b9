import process from 'node:process'

/**
 * Loaded by mocha's process before the tests. It records its own coverage; processes that tests start do not, since Node.js has
 * read this variable already. Otherwise hundreds of them, the TypeScript compiler among them, would record theirs, which takes
 * longer to write and to read than all that is judged.
 */
delete process.env.NODE_V8_COVERAGE
