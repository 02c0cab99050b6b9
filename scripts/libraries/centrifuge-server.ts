import { program } from '../servers/install.ts'
import type { Row } from '../servers/row.ts'

/** The library of Centrifugo, in a server that takes everybody, at /connection. Compiled when it starts, which takes its time. */
export const centrifugeServer: Row = {
  name: 'Centrifuge (Go)',
  debian: [
    'golang-github-centrifugal-centrifuge-dev',
    'golang-github-centrifugal-protocol-dev',
    'golang-github-fzambia-eagle-dev',
    'golang-github-igm-sockjs-go-dev',
    'golang-github-mna-redisc-dev',
    'golang-go',
    'gcc',
    'libc6-dev',
  ],
  command: settings => ({
    words: ['/usr/bin/go', 'run', program('centrifuge.go'), JSON.stringify(settings)],
    // With cgo, Go takes Debian's compiled packages of its own library, which saves half of the time.
    environment: { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: settings.folder, CGO_ENABLED: '1' },
  }),
  lacks: { wss: 'it is not needed here' },
}
