import process from 'node:process'
import { Client } from './client.jsx'
import { echo } from './echo.js'

export const dynamic = 'force-dynamic'

export default async function Page() {
  const address = process.env.ECHO
  return (
    <>
      <p id="server">{await echo(address, 'from the server')}</p>
      <Client address={address} />
    </>
  )
}
