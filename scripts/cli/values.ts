import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { UsageError } from './usage-error.ts'

/* The values of options. Each function throws commander's InvalidArgumentError, to whose message commander adds the option. */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** The longest duration, which is the longest timer of the runtimes. */
const LONGEST = 2 ** 31 - 1

/** A duration such as `500ms`, `30s`, `1m`; a number without a unit is seconds. In milliseconds. */
export function readDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h)?$/.exec(text)
  if (match === null) throw new InvalidArgumentError('A duration is written 500ms, 30s, 2m or 1h.')
  const milliseconds = Math.round(Number(match[1]) * UNITS[match[2] ?? 's']!)
  if (milliseconds > LONGEST) throw new InvalidArgumentError('The longest duration is 596h.')
  return milliseconds
}

/** A duration that is not zero. */
export function readInterval(text: string): number {
  const milliseconds = readDuration(text)
  if (milliseconds === 0) throw new InvalidArgumentError('The shortest interval is 1ms.')
  return milliseconds
}

/** A size such as `64K`, `16M`; a number without a unit is bytes. In bytes. */
export function readSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg])?(?:i?b)?$/i.exec(text)
  if (match === null) throw new InvalidArgumentError('A size is written 4096, 64K, 16M or 1G.')
  return Math.round(Number(match[1]) * 1024 ** ['', 'k', 'm', 'g'].indexOf((match[2] ?? '').toLowerCase()))
}

export function readCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1 on.')
  return Number(text)
}

/** A positive factor. */
export function readFactor(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) === 0) {
    throw new InvalidArgumentError('It is a factor such as 2 or 0.5.')
  }
  return Number(text)
}

export function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new InvalidArgumentError('A port is a number from 0 to 65535; 0 takes a free one.')
  }
  return Number(text)
}

/** `Name: value`. */
export function readHeader(text: string, before: readonly (readonly [string, string])[] = []): [string, string][] {
  if (text.startsWith('=')) throw new InvalidArgumentError("A header is written -H 'Name: value', without a =.")
  const colon = text.indexOf(':')
  if (colon < 1) throw new InvalidArgumentError("A header is written 'Name: value'.")
  return [...(before as [string, string][]), [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]]
}

/** One value more of an option that may be given several times. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

export function readLevel(text: string): number | false {
  if (text === 'off') return false
  if (!/^\d$/.test(text)) throw new InvalidArgumentError("It is a level from 0 to 9, or 'off'.")
  return Number(text)
}

/**
 * The bytes of a file that an option names.
 *
 * @throws UsageError
 */
export function readFileOf(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`The file of ${option} cannot be read: ${describeFileError(error, path)}`)
  }
}

/** An error of the file system in words, with the path as it was typed. */
export function describeFileError(error: unknown, path: string): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT')
    return existsSync(dirname(path)) ? `there is no ${path}` : `there is no folder ${dirname(path)}`
  if (code === 'EACCES') return `${path} must not be read or written by this user`
  if (code === 'EISDIR') return `${path} is a folder`
  return message
}
