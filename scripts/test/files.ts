/**
 * The files that are run, in their order.
 *
 * @param files paths of sources, such as `spec-tests/rfc6455/8.1-utf8.test.ts`
 * @param parts what a path must have one of; without any, all files are run
 * @throws Error that names a part which no path has
 */
export function chooseFiles(files: readonly string[], parts: readonly string[], reverse: boolean): string[] {
  const missing = parts.find(part => !files.some(file => file.includes(part)))
  if (missing !== undefined) throw new Error(`No file of spec-tests/ has "${missing}" in its path`)
  const chosen = files.filter(file => parts.length === 0 || parts.some(part => file.includes(part))).sort()
  return reverse ? chosen.reverse() : chosen
}
