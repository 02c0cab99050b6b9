import { daphne } from '../python.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'Django Channels, with Daphne',
  debian: ['python3-django-channels', 'python3-daphne'],
  command: settings => daphne('django_channels:app', settings),
  lacks: {
    fragments: 'Daphne sends none',
    compression: 'Daphne does not agree to it',
    close: 'a consumer of this version has a code, but no reason',
    redirect: 'a consumer sees no HTTP request, but may refuse',
  },
}
