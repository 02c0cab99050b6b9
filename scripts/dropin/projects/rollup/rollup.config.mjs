import commonjs from '@rollup/plugin-commonjs'
import resolve from '@rollup/plugin-node-resolve'

const common = {
  plugins: [resolve({ preferBuiltins: true }), commonjs()],
  external: [/^node:/],
}

export default [
  {
    ...common,
    input: 'program.js',
    output: [
      { file: 'esm/a.mjs', format: 'esm' },
      { file: 'cjs/a.cjs', format: 'cjs' },
    ],
  },
  { ...common, input: 'one-copy.js', output: { file: 'one/one-copy.mjs', format: 'esm' } },
]
