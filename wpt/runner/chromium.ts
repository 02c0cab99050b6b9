import { existsSync } from 'node:fs'

/** Where systems put Chromium, or the browser that is made of it. */
const usualPlaces = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The Chromium of this machine; undefined when none is in one of the usual places. */
export function findChromium(): string | undefined {
  return usualPlaces.find(place => existsSync(place))
}
