// In the folder of the libraries, so that Node.js resolves their names from here, with the conditions of an ES module.
export const load = name => import(name)
export const resolve = name => import.meta.resolve(name)
