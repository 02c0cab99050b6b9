type Call = (...values: any[]) => unknown

/** Makes the default export of a worker: each request calls the function of that name, and gets its result as JSON. */
export function workerOf(calls: Readonly<Record<string, Call>>): { fetch(request: Request): Promise<Response> } {
  return {
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const values = JSON.parse(decodeURIComponent(search.slice(1))) as unknown[]
      try {
        return Response.json({ result: await calls[pathname.slice(1)]!(...values) })
      } catch (error) {
        return Response.json({ error: String(error) })
      }
    },
  }
}
