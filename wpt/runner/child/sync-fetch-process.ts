/** Prints the status and the body of a GET as JSON: see `sync-fetch.ts`. */
import process from 'node:process'

const response = await fetch(process.argv[2]!)
process.stdout.write(JSON.stringify({ status: response.status, body: await response.text() }))
