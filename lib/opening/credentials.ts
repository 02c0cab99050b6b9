import { host } from '../host/host.ts'
import type { HeaderList } from '../transport/pipe.ts'

/** The credentials of a URL as an Authorization field: basic authorization (RFC 7617). Empty if the URL has none. */
export function credentialsOf(url: URL): HeaderList {
  return url.username === '' && url.password === '' ? [] : [['Authorization', basicAuthorization(url)]]
}

/** User name and password of a URL, in bytes. Empty where it has none. */
export function userInfo(url: URL): { user: Uint8Array; password: Uint8Array } {
  return { user: percentDecode(url.username), password: percentDecode(url.password) }
}

function basicAuthorization(url: URL): string {
  const { user, password } = userInfo(url)
  const bytes = new Uint8Array(user.length + 1 + password.length)
  bytes.set(user)
  bytes[user.length] = COLON
  bytes.set(password, user.length + 1)
  return `Basic ${host.platform.base64(bytes)}`
}

const COLON = 0x3a

/** Decodes a percent-encoded part of a URL to bytes. @see https://url.spec.whatwg.org/#percent-decode */
function percentDecode(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  let length = 0
  for (let index = 0; index < text.length; index++) {
    const hex = text[index] === '%' ? text.slice(index + 1, index + 3) : ''
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      bytes[length++] = Number.parseInt(hex, 16)
      index += 2
    } else bytes[length++] = text.charCodeAt(index)
  }
  return bytes.subarray(0, length)
}
