/** Where the facts about web-platform-tests in this folder come from; the one place that names the commit. */
export const upstream = {
  repository: 'https://github.com/web-platform-tests/wpt.git',
  /** Of the end of August 2025. */
  commit: 'a07f152493d8d06020cea2818b8323b1db078d93',
  /** What a sparse checkout needs to run the tests against our server. */
  folders: ['common', 'interfaces', 'resources', 'websockets'],
  /** What it needs besides to run upstream's own server, `wpt serve`. */
  serverFolders: ['fetch/api/resources', 'tools'],
} as const
