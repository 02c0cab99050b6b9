import { program } from '../install.ts'
import type { Row } from '../row.ts'

export const row: Row = {
  name: 'PHP, with a server of its streams',
  debian: ['php-cli'],
  command: settings => ({ words: ['/usr/bin/php', program('php-echo.php'), JSON.stringify(settings)] }),
}
