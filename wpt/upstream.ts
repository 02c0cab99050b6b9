/** The checkout of web-platform-tests that the ports and `map.ts` follow. This is the only place that names the commit. */
export const upstream = {
  repository: 'https://github.com/web-platform-tests/wpt.git',
  /** A commit of the end of August 2025. */
  commit: 'a07f152493d8d06020cea2818b8323b1db078d93',
  /** The folders of a sparse checkout that is tested against our server. */
  folders: ['common', 'interfaces', 'resources', 'websockets'],
  /** The further folders for upstream's own server, `wpt serve`. */
  serverFolders: ['fetch/api/resources', 'tools'],
} as const
