import { existsSync } from 'node:fs'

/** The usual paths of Chromium, and of Chrome, which is made from it. */
const usualPlaces = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The Chromium of this machine; undefined when none is in one of the usual places. */
export function findChromium(): string | undefined {
  return usualPlaces.find(place => existsSync(place))
}
