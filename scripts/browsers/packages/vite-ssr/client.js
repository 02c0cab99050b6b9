import { echo } from './shared.js'

document.title = await echo(`${location.origin.replace('http', 'ws')}/echo`, 'from the client')
