import { host } from '../host/host.ts'
import { encodeLatin1 } from '../protocol/header-values.ts'
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
  return encodeLatin1(text.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))))
}
