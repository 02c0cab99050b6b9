import type { Pipe, PipeSink } from './pipe.ts'

/** A pipe over another one. What a subclass does not define anew goes through as it is. */
export abstract class ForwardingPipe implements Pipe {
  protected readonly pipe: Pipe

  constructor(pipe: Pipe) {
    this.pipe = pipe
  }

  get buffered(): number | undefined {
    return this.pipe.buffered
  }

  get givesBack(): boolean | undefined {
    return this.pipe.givesBack
  }

  abstract start(sink: PipeSink): void

  write(bytes: Uint8Array, more: boolean): boolean {
    return this.pipe.write(bytes, more)
  }

  end(): void {
    this.pipe.end()
  }

  abort(reason?: unknown): void {
    this.pipe.abort(reason)
  }

  pause(): void {
    this.pipe.pause()
  }

  resume(): void {
    this.pipe.resume()
  }

  ref(): void {
    this.pipe.ref?.()
  }

  unref(): void {
    this.pipe.unref?.()
  }
}
