// Where the host's types have a WebSocket: theirs and ours are the same to TypeScript.
import { configured, WebSocket as Ours } from 'whatwg-websocket'

export const hosts: (typeof globalThis.WebSocket)[] = [Ours, configured({})]
export const ours: (typeof Ours)[] = [globalThis.WebSocket]
export const asHosts: WebSocket = new Ours('ws://x/')
export const asOurs: Ours = new WebSocket('ws://x/')
// @ts-expect-error: not everything is
export const wrong: typeof Ours = class {}
