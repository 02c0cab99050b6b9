import { install } from './node.ts'

install(globalThis)
