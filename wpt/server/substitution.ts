/** The values for the `{{...}}` templates in upstream's `.sub.` files. */
export interface Substitutions {
  readonly host: string
  /** A host of another site. */
  readonly alternateHost: string
  /** By scheme: http, https, ws, wss, h2. */
  readonly ports: Readonly<Record<string, readonly number[]>>
}

/**
 * Replaces the templates `host`, `ports[scheme][index]`, `domains[subdomain]`, `hosts[alt][subdomain]`, `location[part]` and
 * `GET[name]`, by the rules of upstream's server. @throws {Error} for a template that it does not know.
 */
export function substitute(text: string, known: Substitutions, location: URL): string {
  return text.replace(/\{\{(\w+)((?:\[[^\]]*\])*)\}\}/g, (template, name: string, path: string) => {
    const keys = [...path.matchAll(/\[([^\]]*)\]/g)].map(match => match[1]!)
    const value = evaluate(name, keys, known, location)
    if (value === undefined) throw new Error(`unknown template ${template} in ${location.pathname}`)
    return value
  })
}

function evaluate(name: string, keys: readonly string[], known: Substitutions, location: URL): string | undefined {
  const [first = '', second = ''] = keys
  switch (name) {
    case 'host':
      return known.host
    case 'ports':
      return known.ports[first]?.[Number(second)]?.toString()
    case 'domains':
      return below(known.host, first)
    case 'hosts':
      return below(first === 'alt' ? known.alternateHost : known.host, second)
    case 'location':
      return partOf(location, first)
    case 'GET':
      return location.searchParams.get(first) ?? undefined
    default:
      return undefined
  }
}

function below(host: string, subdomain: string): string {
  return subdomain === '' ? host : `${subdomain}.${host}`
}

function partOf(location: URL, part: string): string | undefined {
  const parts: Record<string, string> = {
    server: location.origin,
    scheme: location.protocol.slice(0, -1),
    host: location.host,
    hostname: location.hostname,
    port: location.port,
    path: location.pathname,
    query: location.search,
  }
  return parts[part]
}
