import wabt from 'wabt'

/**
 * A module of TypeScript that holds the assembled text.
 *
 * @param name of the text's file
 * @throws Error that tells the place, for a text that is not well-formed or not valid
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
