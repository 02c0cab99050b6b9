/**
 * Writes src/chat.ts from chat.yaml: a type for each message, by AsyncAPI's Modelina, and the unions of those that a client sends and
 * receives, by the operations that AsyncAPI's parser finds.
 */
import { writeFileSync } from 'node:fs'
import { TypeScriptGenerator } from '@asyncapi/modelina'
import { fromFile, Parser } from '@asyncapi/parser'

const { document, diagnostics } = await fromFile(new Parser(), 'chat.yaml').parse()
const errors = diagnostics.filter(({ severity }) => severity === 0)
if (document === undefined || errors.length > 0) {
  for (const { message, path } of errors) console.error(`${path.join('.')}: ${message}`)
  process.exit(1)
}

const generator = new TypeScriptGenerator({
  modelType: 'interface',
  enumType: 'union',
  mapType: 'record',
  rawPropertyNames: true,
})
const models = await generator.generate(document)

/** The name of the type that Modelina made of a message's payload. */
function typeOf(message) {
  const schema = message.payload().id()
  const model = models.find(({ modelName }) => modelName.toLowerCase() === schema.toLowerCase())
  if (model === undefined) throw new Error(`Modelina made no type of ${schema}`)
  return model.modelName
}

/** The types of the messages of operations. The document describes the server: a client sends what the server receives. */
function union(operations) {
  const names = operations.flatMap(operation => operation.messages().all().map(typeOf))
  return [...new Set(names)].join(' | ') || 'never'
}

const operations = document.operations()
writeFileSync(
  'src/chat.ts',
  `// Made from chat.yaml by "npm run generate".

${models.map(({ result }) => `export ${result}`).join('\n\n')}

export type Sent = ${union(operations.filterByReceive())}
export type Received = ${union(operations.filterBySend())}
`,
)
