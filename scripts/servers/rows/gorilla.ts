import { program } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Gorilla websocket (Go)',
  debian: ['golang-github-gorilla-websocket-dev', 'golang-go'],
  command: settings => ({
    words: ['/usr/bin/go', 'run', program('gorilla.go'), JSON.stringify(settings)],
    environment: { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: settings.folder, CGO_ENABLED: '0' },
  }),
}
