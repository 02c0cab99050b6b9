import commonjs from '@rollup/plugin-commonjs'
import resolve from '@rollup/plugin-node-resolve'

export default {
  input: 'program.js',
  plugins: [resolve({ preferBuiltins: true }), commonjs()],
  external: [/^node:/],
  output: [
    { file: 'esm/a.mjs', format: 'esm' },
    { file: 'cjs/a.cjs', format: 'cjs' },
  ],
}
