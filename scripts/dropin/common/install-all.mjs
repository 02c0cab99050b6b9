// Copied into each project. To be loaded ahead of a program: makes the globals ours, also where the host has its own.
import { install } from 'whatwg-websocket'

install(globalThis, { override: true })
