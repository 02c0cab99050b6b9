import { host } from '../host/host.ts'
import { startTimer } from '../host/timers.ts'
import type { HostSocket } from './host-classes.ts'

/** Tasks of the event loop between the first looks: short waits need no timer. */
const FIRST_LOOKS = 4
/** Milliseconds between the later looks: they double from the first number to the last. */
const SHORTEST = 1
const LONGEST = 8

/** Watches the `bufferedAmount` of a socket while it falls: no event tells of it. */
export class BufferPoll {
  readonly #socket: HostSocket
  /** Called at each look. */
  readonly #onLook: () => void
  /** Whether somebody still waits. */
  readonly #isWanted: () => boolean
  #isRunning = false
  #amount = 0
  #looks = 0
  #delay = SHORTEST

  constructor(socket: HostSocket, onLook: () => void, isWanted: () => boolean) {
    this.#socket = socket
    this.#onLook = onLook
    this.#isWanted = isWanted
  }

  /** Looks from now on, unless it does already. */
  start(): void {
    this.#amount = bufferedAmountOf(this.#socket)
    this.#looks = 0
    this.#delay = SHORTEST
    if (this.#isRunning) return
    this.#isRunning = true
    this.#wait()
  }

  #wait(): void {
    if (this.#looks++ < FIRST_LOOKS) return host.queueTask(this.#look)
    startTimer(this.#delay, this.#look)
    this.#delay = Math.min(this.#delay * 2, LONGEST)
  }

  readonly #look = (): void => {
    const amount = bufferedAmountOf(this.#socket)
    if (amount < this.#amount) this.#delay = SHORTEST
    this.#amount = amount
    this.#onLook()
    if (this.#isWanted()) this.#wait()
    else this.#isRunning = false
  }
}

/** Bytes that wait in a socket. React Native counts none. */
export function bufferedAmountOf(socket: HostSocket): number {
  return socket.bufferedAmount ?? 0
}
