import wabt from 'wabt'

/**
 * Assembles WebAssembly text and returns a TypeScript module that exports the binary in base64.
 *
 * @param name the file name of the text, for error messages
 * @throws {Error} with the place in the text, if it is not well-formed or not valid
 */
export async function assemble(name: string, text: string): Promise<string> {
  const { parseWat } = await wabt()
  const module = parseWat(name, text, { simd: true })
  try {
    module.validate()
    const bytes = module.toBinary({ canonicalize_lebs: true, relocatable: false, write_debug_names: false }).buffer
    const base64 = Buffer.from(bytes).toString('base64')
    return `// Written from ${name} by \`npm run assemble\`.\nexport const SIMD_MODULE =\n  '${base64}'\n`
  } finally {
    module.destroy()
  }
}
