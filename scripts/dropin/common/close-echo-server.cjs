'use strict'
// Copied into each project. The global teardown of Jest.
module.exports = () => globalThis.closeEchoServer()
