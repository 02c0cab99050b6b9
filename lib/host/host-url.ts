/** The host's class at load: the class of a DOM that is put on the global scope later may lack members that are used here. */
export const HostURL: typeof URL = globalThis.URL

/** As `URL.canParse`, which older classes lack. */
export function isURL(url: string): boolean {
  try {
    return new HostURL(url) !== undefined
  } catch {
    return false
  }
}
