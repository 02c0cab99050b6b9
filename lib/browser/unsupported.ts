import { profile } from './profile.ts'

/**
 * The error for what a page cannot do. Its code WS_ERR_UNSUPPORTED is part of the public API.
 *
 * @param what the subject of the message, for example `The WebSocket option "tls"`
 */
export function unsupported(what: string, where: string = `in ${profile.name}`): TypeError {
  return Object.assign(new TypeError(`${what} cannot be had ${where}`), { code: 'WS_ERR_UNSUPPORTED' })
}
