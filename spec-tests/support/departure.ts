/** What the client does that the RFC forbids. A test that sees one has failed. */
export class Departure extends Error {}
