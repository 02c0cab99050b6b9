import { readdirSync } from 'node:fs'

/** The rows of a table, each the `row` of a module in this folder, by their modules' names, in the order of these. */
export async function loadRows<Row>(folder: URL): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>()
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.js')) continue
    const { row } = (await import(new URL(name, folder).href)) as { row: Row }
    rows.set(name.slice(0, -3), row)
  }
  return rows
}
