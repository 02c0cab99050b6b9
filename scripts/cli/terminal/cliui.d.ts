/** The part of the package that is used; it has no types of its own. */
declare module 'cliui' {
  interface Cell {
    readonly text: string
    readonly width?: number
    /** Top, right, bottom, left. */
    readonly padding?: readonly [number, number, number, number]
    readonly align?: 'left' | 'right' | 'center'
  }
  interface Ui {
    /** Adds a row. */
    div(...cells: readonly Cell[]): void
    toString(): string
  }
  export default function cliui(options: { readonly width: number; readonly wrap: boolean }): Ui
}
