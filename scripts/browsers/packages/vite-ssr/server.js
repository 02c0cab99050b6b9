import process from 'node:process'
import { echo } from './shared.js'

console.log(await echo(process.argv[2], 'from the server'))
