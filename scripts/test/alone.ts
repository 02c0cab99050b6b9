/** The files of spec-tests/ that run when no other does, each with the reason. */
export const ALONE: Readonly<Record<string, string>> = {}
