import { install } from '../api/install.ts'
import './node.ts'

install(globalThis)
