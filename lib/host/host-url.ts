/** The host's class at load: the class of a DOM that is put on the global scope later may lack members that are used here. */
export const HostURL: typeof URL = globalThis.URL

/** As `URL.parse`, which older classes lack; undefined where the text does not parse. */
export function parseURL(text: string, base?: URL): URL | undefined {
  try {
    return new HostURL(text, base)
  } catch {
    return undefined
  }
}

/** A host name of other letters than those of ASCII as URLs have it (RFC 5891). Undefined if it is none. */
export function asciiName(name: string): string | undefined {
  return /[^ -~]/.test(name) ? parseURL(`ws://${name}`)?.hostname : name
}
