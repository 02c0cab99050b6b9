import { readFileSync, writeFileSync } from 'node:fs'
import { minify } from 'terser'

/** Columns of a line: an error's stack names a line and a column, and the console shows the line. */
const LINE_LENGTH = 100

/**
 * Shortens the names of parameters, local variables and private members in a bundled file, and drops comments and whitespace, in
 * place: V8 reads all of a file before it runs it, which is most of what an import costs (bench: import). The names of functions,
 * classes and public members stay, so an error's stack has them.
 *
 * @throws the syntax error if the file cannot be parsed
 */
export async function shorten(file: string): Promise<void> {
  const { code } = await minify(readFileSync(file, 'utf8'), {
    compress: false,
    mangle: { keep_classnames: true, keep_fnames: true, toplevel: false },
    // A character above U+00FF makes V8 hold the source in two bytes a character.
    format: { ascii_only: true, comments: false, max_line_len: LINE_LENGTH },
  })
  writeFileSync(file, `${code}\n`)
}
